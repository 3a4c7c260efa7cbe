// The loop of a custom runtime, as AWS documents it (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html).
//
// AWS's own client (`aws-lambda-ric`) compiles curl and a C++ library when it is installed, which not every machine
// can. This loop does less than that one: no patched console, no X-Ray variables, no streaming.
import { Agent, request } from "node:http";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) };
    const sent = request({ agent, host, port, method, path: `/2018-06-01/runtime/${path}`, headers }, (reply) => {
      const chunks = [];
      reply.on("data", (chunk) => chunks.push(chunk));
      reply.on("end", () => resolve({ headers: reply.headers, body: Buffer.concat(chunks).toString("utf8") }));
      reply.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

export async function run(handler) {
  for (;;) {
    const next = await call("GET", "invocation/next");
    const id = next.headers["lambda-runtime-aws-request-id"];
    const deadline = Number(next.headers["lambda-runtime-deadline-ms"]);
    const context = {
      awsRequestId: id,
      functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
      functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
      invokedFunctionArn: next.headers["lambda-runtime-invoked-function-arn"],
      getRemainingTimeInMillis: () => deadline - Date.now(),
    };
    try {
      const answer = await handler(JSON.parse(next.body), context);
      await call("POST", `invocation/${id}/response`, JSON.stringify(answer ?? null));
    } catch (error) {
      console.error(error);
      const told = { errorType: error.name, errorMessage: error.message };
      await call("POST", `invocation/${id}/error`, JSON.stringify(told));
    }
  }
}
