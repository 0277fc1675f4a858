#!/bin/sh
# Promote what waits for a decision, wave by wave: the label `wave` of the rollouts says when. The first wave that does
# not get healthy ends it; everything after that is left as it was.
#
#   SELECTOR=team=shop sh promote.sh
set -eu

echo "These are waiting:"
kubectl-rollouts list rollouts -l "$SELECTOR" --awaiting-promotion
exec kubectl-rollouts promote -l "$SELECTOR" --awaiting-promotion --yes --order wave --stop-on-error --parallel 5 \
    --wait --timeout "${TIMEOUT:-10m}" --report "${REPORT:-promote.xml}"
