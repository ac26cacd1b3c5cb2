// Starts a supervisor and stays: a test kills this process and watches what becomes of the rest.
import { startSupervisor } from '../../examples/storefront/start-supervisor.ts';

const [stateDirectory = '', artifacts = ''] = process.argv.slice(2);
await startSupervisor({ stateDirectory, artifacts, flagsDirectory: stateDirectory });
setInterval(() => {}, 60_000);
