/* The formats that are written, in the order that help names them. */
#include "ecg/write/write.h"

extern const xp_writer xp_writer_wfdb, xp_writer_edf, xp_writer_dicom, xp_writer_csv, xp_writer_npy;

const xp_writer *const xp_writers[] = {
    &xp_writer_wfdb, &xp_writer_edf, &xp_writer_dicom, &xp_writer_csv, &xp_writer_npy, NULL,
};
