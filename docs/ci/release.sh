#!/bin/sh
# Release an image as a canary: set it, wait for the pause, ask the analysis, promote, wait until it is healthy.
# If anything fails: abort, go back to the version before, and end with the status that says what failed.
#
#   ROLLOUT=shop CONTAINER=shop IMAGE=shop:2.0 sh release.sh
#
# TIMEOUT is the longest wait for each part. REPORT, if set, is the beginning of the names of JUnit files.
set -u

timeout=${TIMEOUT:-10m}
flags="--log-format=${LOG_FORMAT:-text}"

if [ -n "${REPORT:-}" ]; then # those of an earlier release are not to be taken for this one's
    for name in update analysis promote abort undo; do
        rm -f "$REPORT-$name.xml"
    done
fi

part() { # part NAME COMMAND...: run a part of the release, with a report of its own if reports are wanted
    name=$1
    shift
    echo "--- $name"
    kubectl-rollouts "$@" $flags ${REPORT:+"--report=$REPORT-$name.xml"}
}

release() {
    part update set image "$ROLLOUT" "$CONTAINER=$IMAGE" --wait=paused --timeout "$timeout" || return
    part analysis wait "$ROLLOUT" --for analysis=step=successful --timeout "$timeout" || return
    part promote promote "$ROLLOUT" --wait --timeout "$timeout"
}

release
status=$?
[ $status -eq 0 ] && exit 0

case $status in
3) reason="it was aborted, or is degraded" ;;
4) reason="it took too long" ;;
5) reason="it is paused until somebody promotes it" ;;
6) reason="the rollout is not there" ;;
7) reason="this user may not do that" ;;
*) reason="see above" ;;
esac
echo "The release of $IMAGE failed: $reason (exit status $status)" >&2
case $status in
3 | 4 | 5)
    # What the controller has aborted already stays aborted; then all traffic is on the old version.
    part abort abort "$ROLLOUT" --wait --timeout "$timeout"
    part undo undo "$ROLLOUT" --wait --timeout "$timeout" --through-pauses
    kubectl-rollouts get rollout "$ROLLOUT" --no-color
    ;;
esac
exit $status
