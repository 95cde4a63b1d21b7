# Includes and imports from room to room that the rule in src/README.md (its blocks ```rooms) does not allow.
# Input: that file; the list of all C files and scripts, one a line, named by -v list=; lines of grep -n,
# FILE:LINE:#include "X" or FILE:LINE:from "./X". A room may include itself, what its line names, and
# what lies below those.
function room_of(file,   path) {
    path = file
    sub(/^src\//, "", path)
    sub(/\.(c|h|js)$/, "", path)
    while (!(path in allowed) && sub(/\/[^\/]*$/, "", path)) continue
    return path in allowed ? path : ""
}
function plain(path) {
    gsub(/\/\.\//, "/", path)
    while (sub(/[^\/.]+\/\.\.\//, "", path)) continue
    return path
}
function may_include(from, to) {
    for (;;) {
        if (index(allowed[from], " " to " ")) return 1
        if (!sub(/\/[^\/]*$/, "", to)) return 0
    }
}
FILENAME ~ /README/ {
    if (/^```/) inside = $0 == "```rooms"
    else if (inside && $2 == "<-") {
        allowed[$1] = " " $1 " "
        for (i = 3; i <= NF; i++) allowed[$1] = allowed[$1] $i " "
    }
    next
}
FILENAME == list { exists[$0] = 1; next }
{
    split($0, part, ":")
    split($0, quoted, "\"")
    beside = part[1]
    sub(/[^\/]*$/, "", beside)
    beside = plain(beside quoted[2])
    target = ""
    if (beside in exists) target = beside
    else if (("src/" quoted[2]) in exists) target = "src/" quoted[2]
    else if (("tools/" quoted[2]) in exists) target = "tools/" quoted[2]
    if (target == "") next # made by the build
    from = room_of(part[1])
    to = room_of(target)
    if (from == "") print part[1] ": no line of src/README.md has its room"
    else if (to == "") print target ": no line of src/README.md has its room"
    else if (!may_include(from, to)) print part[1] ":" part[2] ": " from " may not include " to
}
