import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { readNotes } from "../../src/audit/checkpoint_files.ts";
import { CheckpointStore } from "../../src/audit/checkpoint_store.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { S3Server, signatureOf } from "../support/s3_server.ts";

const access = {
  keyId: "AKIAIOSFODNN7EXAMPLE",
  secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  region: "eu-west-3",
};

function open(
  server: S3Server,
  changes: Partial<typeof access> = {},
): CheckpointStore {
  const { keyId, secret, region } = { ...access, ...changes };
  return new CheckpointStore({
    url: `${server.url}/notes/cloison/`,
    region,
    keyId,
    secret: new Secret(secret),
    now: () => "2026-01-02T03:04:05.678Z",
    newId: uuidv7,
  });
}

Deno.test("checkpoint store: the stand-in signs as the examples of the specification are signed", () => {
  const empty =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const example = {
    date: "20130524T000000Z",
    region: "us-east-1",
    secret: access.secret,
  };
  equal(
    signatureOf(
      {
        method: "GET",
        url: "https://examplebucket.s3.amazonaws.com/test.txt",
        headers: new Headers({
          range: "bytes=0-9",
          "x-amz-content-sha256": empty,
          "x-amz-date": example.date,
        }),
      },
      ["host", "range", "x-amz-content-sha256", "x-amz-date"],
      example,
    ),
    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  );
  equal(
    signatureOf(
      {
        method: "PUT",
        url: "https://examplebucket.s3.amazonaws.com/test$file.text",
        headers: new Headers({
          date: "Fri, 24 May 2013 00:00:00 GMT",
          "x-amz-content-sha256":
            "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
          "x-amz-date": example.date,
          "x-amz-storage-class": "REDUCED_REDUNDANCY",
        }),
      },
      [
        "date",
        "host",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-storage-class",
      ],
      example,
    ),
    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
  );
});

Deno.test("checkpoint store: each note is an object of its own, and a folder of them is what is verified", async () => {
  await using server = new S3Server(access);
  const store = open(server);
  const notes = ["first\n\n— x y\n", "second\n\n— x y\n"];
  for (const note of notes) await store.write(note);
  const folder = await Deno.makeTempDir();
  for (const [name, body] of server.objects) {
    match(
      name,
      /^\/notes\/cloison\/2026-01-02T030405\.678Z-[0-9a-f-]{36}\.audit\.ndjson$/,
    );
    await Deno.writeTextFile(`${folder}/${name.split("/").at(-1)}`, body);
  }
  deepEqual(await Array.fromAsync(readNotes(folder)), notes);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("checkpoint store: what the store does not take is no success, and tells no secret", async () => {
  await using server = new S3Server(access);
  const wrong = [
    open(server, { secret: "another" }),
    open(server, { keyId: "nobody" }),
    open(server, { region: "us-east-1" }),
  ];
  for (const store of wrong) {
    await rejects(store.write("note\n"), (error: Error) => {
      match(
        error.message,
        /^Cannot store checkpoint: the store answers 40[03]$/,
      );
      return true;
    });
  }
  server.failing = 503;
  await rejects(open(server).write("note\n"), /answers 503/);
  equal(server.objects.size, 0);
  server.failing = undefined;
  await open(server).write("note\n");
  equal([...server.objects.keys()].length, 1);
});
