#!/bin/sh
# A gate after somebody else (GitOps) has changed the cluster: pass once every rollout of a selection is healthy. What
# is degraded for less than a minute is forgiven; a rollout that waits for a person is a failure of its own (5).
#
#   SELECTOR=team=shop sh gate.sh
set -u

kubectl-rollouts wait -l "$SELECTOR" --for healthy --tolerate "${TOLERATE:-1m}" --timeout "${TIMEOUT:-15m}" \
    --report "${REPORT:-gate.xml}"
status=$?
if [ $status -ne 0 ]; then
    kubectl-rollouts list rollouts -l "$SELECTOR" --phase degraded,progressing,paused
fi
exit $status
