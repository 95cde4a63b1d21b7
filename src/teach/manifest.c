#include "teach/manifest.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

/* The ADL's schema allows a title so many characters. */
enum { MOST_TITLE = 200 };

/* One item, one SCO (ADL SCORM 1.2, Content Aggregation Model). */
static const char BEGIN[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<manifest identifier=\"SET-%s\" version=\"1.0\"\n"
    "  xmlns=\"http://www.imsproject.org/xsd/imscp_rootv1p1p2\"\n"
    "  xmlns:adlcp=\"http://www.adlnet.org/xsd/adlcp_rootv1p2\"\n"
    "  xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"\n"
    "  xsi:schemaLocation=\"http://www.imsproject.org/xsd/imscp_rootv1p1p2 imscp_rootv1p1p2.xsd\n"
    "    http://www.adlnet.org/xsd/adlcp_rootv1p2 adlcp_rootv1p2.xsd\">\n"
    "  <metadata>\n"
    "    <schema>ADL SCORM</schema>\n"
    "    <schemaversion>1.2</schemaversion>\n"
    "  </metadata>\n"
    "  <organizations default=\"ORG-1\">\n"
    "    <organization identifier=\"ORG-1\">\n";
static const char END[] =
    "      </item>\n"
    "    </organization>\n"
    "  </organizations>\n"
    "  <resources>\n"
    "    <resource identifier=\"RES-1\" type=\"webcontent\" adlcp:scormtype=\"sco\" "
    "href=\"index.html\">\n"
    "      <file href=\"index.html\"/>\n"
    "    </resource>\n"
    "  </resources>\n"
    "</manifest>\n";

void teach_escape(xp_buffer *out, const char *text, size_t most) {
    for (const char *p = text; *p && most > 0; most--) {
        const size_t n = xp_utf8_length((const uint8_t *)p, strlen(p));
        const char *entity = *p == '&'   ? "&amp;"
                             : *p == '<' ? "&lt;"
                             : *p == '>' ? "&gt;"
                             : *p == '"' ? "&quot;"
                                         : NULL;
        if (n == 0) return; /* a set's texts are UTF-8 */
        if (entity)
            xp_buffer_text(out, entity);
        else
            xp_buffer_add(out, (unsigned char)*p < ' ' ? " " : p, n);
        p += n;
    }
}

static void add_title(xp_buffer *out, const char *indent, const xp_teach_set *set) {
    xp_buffer_printf(out, "%s<title>", indent);
    teach_escape(out, set->title, MOST_TITLE);
    xp_buffer_text(out, "</title>\n");
}

void xp_teach_manifest(xp_buffer *out, const xp_teach_set *set) {
    xp_buffer_printf(out, BEGIN, set->id);
    add_title(out, "      ", set);
    xp_buffer_text(out, "      <item identifier=\"ITEM-1\" identifierref=\"RES-1\" "
                        "isvisible=\"true\">\n");
    add_title(out, "        ", set);
    if (!isnan(set->pass))
        xp_buffer_printf(out, "        <adlcp:masteryscore>%.0f</adlcp:masteryscore>\n", set->pass);
    xp_buffer_text(out, END);
}
