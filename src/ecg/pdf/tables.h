/* Where the objects of a file are: tables, streams of them, or a search. */
#ifndef XP_ECG_PDF_TABLES_H
#define XP_ECG_PDF_TABLES_H

#include "ecg/pdf/document.h"

/* Entries and trailer from the tables that the file's end points to; false: they are damaged. */
bool pdf_read_tables(pdf_document *doc);
/* The same from the objects that are found in the file. */
bool pdf_scan(pdf_document *doc);

#endif
