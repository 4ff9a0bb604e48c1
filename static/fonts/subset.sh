#!/bin/sh
# Makes stix-two-math.woff2 anew. Needs npm, Python and the network.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent @fontsource/stix-two-math@5.3.0 >/dev/null
tar xzf fontsource-stix-two-math-5.3.0.tgz
python3 -m venv tools
tools/bin/pip install --quiet fonttools==4.68.0 brotli==1.2.1
cp package/LICENSE "$here/OFL.txt"
tools/bin/pyftsubset package/files/stix-two-math-latin-400-normal.woff2 \
  --unicodes="U+20-7E,U+A0-FF,U+131,U+237,U+2C6-2DD,U+300-338,U+391-3F6,U+2010-2027,\
U+202F-203A,U+2040-2057,U+2061-2064,U+20D0-20EF,U+2100-214F,U+2190-21FF,\
U+2200-22FF,U+2300-2311,U+231C-2322,U+2329-232A,U+239B-23B9,U+23DC-23E1,\
U+25A0-25A1,U+25AA-25AB,U+25B2-25B5,U+25B8-25B9,U+25BC-25C1,U+25C6-25C7,\
U+25CA-25CB,U+25CF,U+25EF,U+25FB-25FC,U+2605,U+266D-266F,U+2713,U+27C0-27EF,\
U+27F0-27FF,U+2980-2998,U+29EB,U+2A00-2A2F,U+2A3F,U+2A7D-2A7E,U+2A85-2A8C,\
U+2A95-2A96,U+2AAF-2ABA,U+1D400-1D4CF,U+1D504-1D56B,U+1D5A0-1D5D3,U+1D6A4-1D755,\
U+1D7CB-1D7E1" \
  --flavor=woff2 --layout-features=dtls,flac --no-hinting --desubroutinize \
  --name-IDs=0,1,2,4,5,6,13,14 --notdef-outline \
  --output-file="$here/stix-two-math.woff2"
