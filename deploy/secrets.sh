#!/bin/sh
# Writes the secrets that docker-compose.yml asks for into .env, which git and the image ignore.
#
# May be run again: what the file names already is kept, so that nobody is locked out of a
# database that knows the first password. It needs a shell, head, base64, od and tr.
set -eu
umask 077
cd "$(dirname "$0")/.."
file="${1:-.env}"

# Random bytes from the kernel, as hexadecimal digits: they stand in a URL as they are.
hexadecimal() {
    head -c "$1" /dev/urandom | od -An -v -tx1 | tr -d ' \n'
}

# A Fernet key: 32 bytes in base64's alphabet for URLs, with its padding.
fernet_key() {
    head -c 32 /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_'
}

keep_or_add() {
    if grep -q "^$1=." "$file"; then
        echo "· $1 stays as it is."
    else
        printf '%s=%s\n' "$1" "$2" >>"$file"
        echo "· $1 is new."
    fi
}

touch "$file"
# A file that somebody began by hand may be readable by all, and may lack its last line's end.
chmod 600 "$file"
[ -z "$(tail -c 1 "$file")" ] || echo >>"$file"

keep_or_add SECRET_KEY "$(hexadecimal 48)"
keep_or_add PAYLOAD_KEYS "$(fernet_key)"
keep_or_add DIRECTORY_KEY "$(hexadecimal 32)"
keep_or_add POSTGRES_PASSWORD "$(hexadecimal 24)"
keep_or_add DATABASE_PASSWORD "$(hexadecimal 24)"
keep_or_add REDIS_PASSWORD "$(hexadecimal 24)"

echo "The secrets stand in $file. Keep a copy of it where you keep the backups."
