#!/bin/sh
# Make a verified backup, encrypt it to BACKUP_KEY_FILE, and delete those that are older than BACKUP_LIFE_DAYS.
# The plain dump is in the unit's private /tmp only, and deleted whatever happens.
set -eu
umask 077
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
file=$STATE_DIRECTORY/portal-$(date --utc +%Y%m%dT%H%M%SZ).dump.gpg

"${PYTHON:-.venv/bin/python}" manage.py backup "$folder/portal.dump"
gpg --homedir "$folder" --batch --quiet --no-options --trust-model always --recipient-file "$BACKUP_KEY_FILE" \
    --output "$file.part" --encrypt "$folder/portal.dump"
mv "$file.part" "$file"
find "$STATE_DIRECTORY" -name 'portal-*.dump.gpg*' -mtime "+$((${BACKUP_LIFE_DAYS:-35} - 1))" -delete
