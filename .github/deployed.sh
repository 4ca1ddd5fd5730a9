#!/usr/bin/env bash
# Puts what ran last, by the stack's history, into the configuration of the selected
# stack: the images by digest. With --commit it prints the commit that was deployed.
# Fails when nothing has been deployed yet.
set -euo pipefail

last=$(pulumi stack history --json --show-secrets=false --page-size 50 --page 1 |
	jq 'map(select(.kind == "update" and .result == "succeeded"))[0] // empty')
if [[ -z $last ]]; then
	echo "the stack has no successful deployment" >&2
	exit 1
fi
if [[ ${1-} == --commit ]]; then
	jq --raw-output '.environment["git.head"]' <<<"$last"
	exit
fi
jq --raw-output '.config["rondo:digests"].value | fromjson | to_entries[] | "\(.key) \(.value)"' <<<"$last" |
	while read -r service digest; do
		pulumi config set --path "rondo:digests.$service" "$digest"
	done
