#!/bin/sh
# Makes the certificates of this folder, for tests on loopback only. They protect nothing: the keys are public.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
touch "$work/index"
echo 01 > "$work/serial"
cat > "$work/ca.cnf" <<CNF
[ca]
default_ca = own
[own]
database = $work/index
serial = $work/serial
new_certs_dir = $work
default_md = sha256
policy = any
unique_subject = no
[any]
organizationName = optional
commonName = supplied
CNF
key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }
sign() { # NAME SUBJECT EXTENSIONS WITH…
    name=$1 subject=$2 extensions=$3
    shift 3
    printf '%s\n' "$extensions" > "$work/ext"
    openssl req -new -key "$work/$name.key" -subj "$subject" -out "$work/csr"
    openssl ca -batch -notext -config "$work/ca.cnf" -in "$work/csr" -out "$name.crt" -extfile "$work/ext" \
        -startdate 20200101000000Z -enddate 21200101000000Z "$@" 2>/dev/null
}
authority="basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash"
for name in ca other-ca server client; do key "$work/$name.key"; done
sign ca "/CN=test only CA" "$authority" -selfsign -keyfile "$work/ca.key"
sign other-ca "/CN=test only other CA" "$authority" -selfsign -keyfile "$work/other-ca.key"
sign server "/CN=test only server" "subjectAltName=DNS:localhost,DNS:api.test,IP:127.0.0.1,IP:::1" \
    -cert ca.crt -keyfile "$work/ca.key"
sign client "/O=testers/CN=test only client" "extendedKeyUsage=clientAuth" -cert ca.crt -keyfile "$work/ca.key"
cp "$work/server.key" "$work/client.key" .
