#!/bin/sh
# Prints labels with waybilld: submits a job, waits until every label has its end, prints one again.
#
#     sh shop.sh wave-0712 labels.jsonl        (one label a line; needs curl, and no jq)
set -eu
job=$1 file=$2
socket=${WAYBILLD_SOCKET:-$XDG_RUNTIME_DIR/waybilld.sock}
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# ask METHOD PATH [BODY]: leaves what the daemon says in $answer, or ends with its reasons.
ask() {
    status=$(curl --silent --show-error --unix-socket "$socket" --output "$answer" --write-out '%{http_code}' \
        --request "$1" "http://waybilld/v1/$2" --header 'content-type: application/json' ${3:+--data-binary "$3"})
    case $status in
        2*) ;;
        # 422 tells every fault of every label, and nothing was taken. Any other no has its reason in `detail`.
        *)
            grep -o '{"label":[^}]*}\|{"field":[^}]*}' "$answer" >&2 || true
            echo "$status: $(text detail)" >&2
            exit 1
            ;;
    esac
}

# text KEY: the first value of that key in the answer.
text() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p" "$answer" | head -n 1; }

# counts: how many labels of the job stand in which state.
counts() { sed 's/.*"counts":{\([^}]*\)}.*/\1/' "$answer" | tr ',' '\n' | sed 's/"\(.*\)":\(.*\)/\2 \1/'; }

# follow: looks every half second until no label of the job is on its way any more.
follow() {
    ask GET "jobs/$job"
    while counts | grep -Eq 'waiting|sending'; do
        sleep 0.5
        ask GET "jobs/$job"
    done
}

# The id makes it safe to send again: the same job is taken once.
labels=$(grep -v '^[[:space:]]*$' "$file" | paste -sd, -)
ask POST jobs "{\"id\": \"$job\", \"sort\": [\"ship_by\", \"priority\"], \"labels\": [$labels]}"
follow
echo "job $job: $(counts | paste -sd, - | sed 's/,/, /g')"

first=$(head -n 1 "$file" | sed 's/.*"id": *"\([^"]*\)", *"order".*/\1/')
ask POST "labels/$first/reprint" '{"reason": "smudged", "by": "shop.sh"}'
follow
ask GET "labels/$first"
echo "label $first: $(text state), $(text copies) copies"
