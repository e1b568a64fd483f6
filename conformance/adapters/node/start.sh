# Sourced by run.sh: the Node that was installed with the server, or today's.
node=$(echo "installed/$SMTPSPEC_VERSION/node_modules"/node-linux-*/bin/node)
[ -x "$node" ] || node=node
