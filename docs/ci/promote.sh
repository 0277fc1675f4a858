#!/bin/sh
# Promote what waits for a decision, wave by wave: the label `wave` of the rollouts says when (ORDER names another label,
# or a file; empty: all at once). The first wave that does not get healthy ends it; what comes after is left as it was.
#
#   SELECTOR=team=shop sh promote.sh
set -eu

order=${ORDER-wave}

echo "These are waiting:"
kubectl-rollouts list rollouts -l "$SELECTOR" --awaiting-promotion
exec kubectl-rollouts promote -l "$SELECTOR" --awaiting-promotion --yes ${order:+"--order=$order"} \
    --stop-on-error --parallel 5 --wait --timeout "${TIMEOUT:-10m}" --report "${REPORT:-promote.xml}"
