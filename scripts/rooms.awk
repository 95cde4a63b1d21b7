# Includes from room to room that the rule in src/README.md (its block ```rooms) does not allow.
# Input: that file; the list of all C files, one a line, named by -v list=; lines of grep -n,
# FILE:LINE:#include "X". A room may include itself, what its line names, and what lies below those.
function room_of(file,   path) {
    path = file
    sub(/^src\//, "", path)
    sub(/\.[ch]$/, "", path)
    while (!(path in allowed) && sub(/\/[^\/]*$/, "", path)) continue
    return path in allowed ? path : ""
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
    folder = part[1]
    sub(/[^\/]*$/, "", folder)
    target = ""
    if ((folder quoted[2]) in exists) target = folder quoted[2]
    else if (("src/" quoted[2]) in exists) target = "src/" quoted[2]
    else if (("tools/" quoted[2]) in exists) target = "tools/" quoted[2]
    if (target == "") next # made by the build
    from = room_of(part[1])
    to = room_of(target)
    if (from == "") print part[1] ": no line of src/README.md has its room"
    else if (to == "") print target ": no line of src/README.md has its room"
    else if (!may_include(from, to)) print part[1] ":" part[2] ": " from " may not include " to
}
