# What the tests need other programs to be able to do, each as a function that does it in small and fails where the program
# is absent or cannot. Sourced by install.sh; the functions run in the repository's root, each in a shell of its own with
# the exit status of its last command, an empty folder in $scratch, and all they print shown when they fail.
# shellcheck shell=bash

fixtures=web/clean/test/fixtures

# The probes and Debian's packages that make them succeed, in the order in which they run.
needs() {
    cat <<'NEEDED'
signals          procps
unpacks          tar
checksums        coreutils
keeps_a_database sqlite3
tells_of_a_docx  libimage-exiftool-perl libarchive-zip-perl
tags_a_picture   libimage-exiftool-perl imagemagick
tags_a_pdf       libimage-exiftool-perl
draws_pictures   imagemagick
draws_letters    imagemagick fonts-dejavu-core
decodes_heif     imagemagick
decodes_sound    ffmpeg
reads_a_pdf      poppler-utils
draws_a_pdf      poppler-utils fonts-dejavu-core
chromium_starts  chromium
firefox_starts   firefox-esr
NEEDED
}

# contains WORD: whether standard input does, which is shown where it does not.
contains() {
    local input
    input=$(tr -d '\0')
    [[ $input == *"$1"* ]] || { printf '%s\nno "%s" in it\n' "$input" "$1"; return 1; }
}

# The program, not the shell's own command of this name.
signals() { env kill -0 $$; }

unpacks() { (cd "$scratch" && echo mohr >a && tar -cf a.tar a && rm a && tar -xf a.tar && contains mohr <a); }

checksums() {
    (cd "$scratch" && echo mohr >a && sha256sum a >SHA256SUMS && sha256sum --check --quiet SHA256SUMS && echo other >a &&
        ! sha256sum --check --quiet SHA256SUMS)
}

keeps_a_database() {
    sqlite3 "$scratch/a.db" "PRAGMA journal_mode=WAL; CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('mohr');" &&
        sqlite3 -readonly -json "$scratch/a.db" "SELECT a, hex(a) AS b FROM t" | contains '"a":"mohr","b":"6D6F6872"'
}

tells_of_a_docx() { exiftool -json -LastModifiedBy "$fixtures/letter.docx" | contains CANARYEDITOR; }

tags_a_picture() {
    local extension
    for extension in jpg png webp gif; do
        convert -size 16x8 gradient:red-blue "$extension:$scratch/a.$extension" &&
            exiftool -q -overwrite_original -XMP:Creator=mohr "$scratch/a.$extension" &&
            exiftool -json -a -u -G1 -ee "$scratch/a.$extension" | contains '"XMP-dc:Creator": "mohr"' || return
    done
}

tags_a_pdf() {
    cp "$fixtures/letter.pdf" "$scratch/a.pdf" && exiftool -q -overwrite_original -PDF:Author=mohr "$scratch/a.pdf" &&
        exiftool -json -PDF:Author "$scratch/a.pdf" | contains '"Author": "mohr"'
}

draws_pictures() {
    local extension
    for extension in jpg png webp gif; do
        convert -size 16x8 xc:white "$extension:$scratch/a.$extension" &&
            convert "$scratch/a.$extension" -depth 8 rgb:- | od -An -v -tx1 | tr -d " \n" | contains "$(printf 'ff%.0s' {1..384})" || return
    done
}

# In this very font, and not in the one that stands in where it is absent.
draws_letters() {
    convert -list font | contains "Font: DejaVu-Sans-Bold" &&
        convert -background white -fill black -font DejaVu-Sans-Bold -pointsize 90 label:7 -trim -depth 8 pgm:- | head -c 3 | contains P5
}

decodes_heif() {
    local name
    for name in photo.heic photo.avif; do
        convert "$fixtures/$name" -depth 8 rgba:"$scratch/pixels" && [ "$(wc -c <"$scratch/pixels")" -eq $((96 * 64 * 4)) ] ||
            { echo "$name is not 96 × 64 pixels"; return 1; }
    done
}

decodes_sound() {
    local path
    for path in "$fixtures"/{clip,fragmented,memo,voice}*; do
        ffmpeg -v error -i "$path" -map "0:V?" -map "0:a?" -f md5 - </dev/null | contains MD5= || { echo "$path"; return 1; }
    done
}

reads_a_pdf() { pdftotext "$fixtures/letter.pdf" - | contains Salam && pdfinfo "$fixtures/letter.pdf" | contains CANARYCREATOR; }

# The text of this one is in Helvetica, which the reader must supply: with no font at all the page stays white.
draws_a_pdf() {
    local page="BT /F1 90 Tf 10 20 Td (mohr) Tj ET"
    printf '%%PDF-1.4\n%s\n%s\n%s\n%s\n%s\ntrailer\n<< /Size 6 /Root 1 0 R >>\n%%%%EOF\n' \
        "1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj" "2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj" \
        "3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 300 100] /Contents 4 0 R
            /Resources << /Font << /F1 5 0 R >> >> >> endobj" \
        "4 0 obj << /Length ${#page} >> stream"$'\n'"$page"$'\n'"endstream endobj" \
        "5 0 obj << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> endobj" >"$scratch/a.pdf"
    pdftoppm -r 40 -l 1 "$scratch/a.pdf" 2>/dev/null | od -An -v -tx1 | contains " 00"
}

# A script runs in it, and what it wrote is in the page.
chromium_starts() {
    /usr/bin/chromium --version &&
        timeout 120 /usr/bin/chromium --headless --no-sandbox --user-data-dir="$scratch/profile" \
            --dump-dom 'data:text/html,<script>document.write("mohr "+6*7)</script>' | contains "mohr 42"
}

firefox_starts() {
    mkdir "$scratch/profile" && /usr/bin/firefox-esr --version &&
        timeout 120 /usr/bin/firefox-esr --headless --profile "$scratch/profile" --screenshot "$scratch/a.png" \
            'data:text/html,<p>mohr' && [ -s "$scratch/a.png" ]
}
