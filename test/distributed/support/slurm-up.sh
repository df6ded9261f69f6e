#!/bin/bash
# Starts a Slurm cluster of NODES virtual nodes on this machine, without systemd, and waits until they are idle.
#   slurm-up.sh DIR [NODES [PORT]]   then: export SLURM_CONF=DIR/slurm.conf
#   slurm-up.sh DIR down             ends what it started
# Needs root, slurmctld, slurmd, slurm-client and munge. Several nodes are several slurmd on several ports.
set -euo pipefail
dir=$(realpath -m "$1")
nodes=${2:-1}
first_port=${3:-17100} # of the nodes; the controller has the one before

# Tries a command again and again, for at most 20 s.
wait_until() {
  for ((try = 0; try < 200; ++try)); do
    if "$@"; then return 0; fi
    sleep 0.1
  done
  return 1
}

if [ "$nodes" = down ]; then
  export SLURM_CONF="$dir/slurm.conf"
  no_jobs() { [ -z "$(squeue -h 2> /dev/null)" ]; }
  # Ended, though perhaps not yet collected by whoever adopted it.
  has_ended() { ! grep -q '^State:\s*[^ZX]' "/proc/$1/status" 2> /dev/null; }
  # Daemons that end before their jobs leave the jobs behind.
  scancel --user="$(id -un)" || true
  wait_until no_jobs || true
  for file in "$dir"/slurmd-*.pid "$dir"/slurmctld.pid "$dir"/munge/munged.pid; do
    if [ -s "$file" ]; then
      pid=$(cat "$file")
      kill "$pid" 2> /dev/null || true
      wait_until has_ended "$pid"
    fi
  done
  exit 0
fi

host=$(hostname -s)
mkdir -p "$dir"/{munge,state,log}
chmod 755 "$dir" "$dir/munge"
head -c 1024 /dev/urandom > "$dir/munge/key"
chmod 600 "$dir/munge/key"

# No cgroups and no database; a job that is requeued starts again at once (cred_expire, batch_sched_delay).
{
  cat << CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$dir/munge/socket,cred_expire=5
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
SlurmdParameters=config_overrides
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd-%n.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd-%n.log
SlurmctldPort=$((first_port - 1))
KillWait=5
PlugStackConfig=/dev/null
CONF
  for ((i = 0; i < nodes; ++i)); do
    echo "NodeName=n$i NodeHostname=$host NodeAddr=127.0.0.1 Port=$((first_port + i)) CPUs=4 RealMemory=1000"
  done
  echo "PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP"
} > "$dir/slurm.conf"
export SLURM_CONF="$dir/slurm.conf"

/usr/sbin/munged --key-file="$dir/munge/key" --socket="$dir/munge/socket" --pid-file="$dir/munge/munged.pid" \
  --log-file="$dir/munge/munged.log" --seed-file="$dir/munge/seed"
/usr/sbin/slurmctld -c -f "$SLURM_CONF"
for ((i = 0; i < nodes; ++i)); do
  mkdir -p "$dir/spool/n$i"
  /usr/sbin/slurmd -c -f "$SLURM_CONF" -N "n$i"
done
are_idle() { [ "$(sinfo -h -t idle -o %D 2> /dev/null)" = "$nodes" ]; }
if wait_until are_idle; then exit 0; fi
echo "the nodes did not become idle: $(tail -n 3 "$dir"/log/*.log)" >&2
exit 1
