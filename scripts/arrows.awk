# Arrows between C files, one a line: the file that uses a function or a table, the file that defines
# it. Input: src/README.md, whose block ```circles lists arrows that are not followed; then all C
# files, named twice: definitions are found in the first pass, uses in the second. A definition
# begins at the left margin, as clang-format has it.
function word_before(text, at,   s) {
    s = substr(text, 1, at - 1)
    sub(/[ \t]+$/, "", s)
    if (!match(s, /[A-Za-z_][A-Za-z_0-9]*$/)) return ""
    return substr(s, RSTART)
}
FILENAME ~ /README/ {
    if (/^```/) inside = $0 == "```circles"
    else if (inside && NF > 2) listed[$1 " " $2] = 1
    next
}
FNR == 1 { pass[FILENAME]++; head = "" }
pass[FILENAME] == 1 {
    if (head == "" && $0 !~ /^[A-Za-z_]/) next
    if (head == "" && $0 ~ /^(static|typedef|extern|struct [a-z_0-9]+ \{|enum|union)/) next
    head = head " " $0
    if ($0 ~ /[{;]$/ || $0 ~ /;/) {
        if (head ~ /\{$/ || head ~ /=/) {
            at = index(head, "=") ? index(head, "=") : index(head, "(")
            b = index(head, "[")
            if (index(head, "=") && b && b < at) at = b
            p = index(head, "(")
            if (p && p < at) at = p
            name = word_before(head, at)
            if (name != "" && !(name in defined)) defined[name] = FILENAME
        }
        head = ""
    }
    next
}
{
    line = $0
    gsub(/"([^"\\]|\\.)*"/, "", line)
    sub(/\/\/.*/, "", line)
    gsub(/\/\*([^*]|\*[^\/])*\*\//, "", line)
    if (line ~ /^ *\*/ || line ~ /^\/\*/ || line ~ /^ *\/\*/) next
    n = split(line, words, /[^A-Za-z_0-9]+/)
    for (i = 1; i <= n; i++)
        if (words[i] in defined && defined[words[i]] != FILENAME)
            arrow[FILENAME " " defined[words[i]]] = 1
}
function is_listed(a,   file) {
    split(a, file, " ")
    sub(/[^\/]*$/, "", file[2])
    return a in listed || (substr(a, 1, index(a, " ")) file[2]) in listed
}
END { for (a in arrow) if (!is_listed(a)) print a }
