import { AppError } from '../../electron/contract/app-error.ts';
import type { PROTOCOL_VERSION } from '../../electron/contract/system.contract.ts';
import { connect } from '../rpc/connect.ts';
import { toFailure } from '../rpc/failure.ts';
import { mountApp, mountFailure } from './mount-app.ts';

/** The contract module itself would bring the schema library into the page; the type keeps the numbers equal. */
const protocol: typeof PROTOCOL_VERSION = 1;

async function start(): Promise<void> {
  try {
    const connection = await connect();
    const hello = await connection.client.system.hello();
    if (hello.protocol !== protocol) {
      throw new AppError(
        'VERSION_MISMATCH',
        `The page speaks protocol ${protocol}, the core ${hello.protocol}. Close all windows and start Assay again.`,
      );
    }
    mountApp(connection, hello, '#app');
  } catch (error) {
    mountFailure(toFailure(error), '#app');
  }
}

void start();
