/**
 * Certificates for tests of encrypted connections, and NKeys.
 *
 * @module
 */

/** Makes an authority in a folder, and certificates that it signed: `<name>.pem` and `<name>.key`. */
export async function makeCertificates(folder: string, ...names: string[]): Promise<void> {
  const openssl = async (...args: string[]) => {
    const { success, stderr } = await new Deno.Command("openssl", {
      args,
      cwd: folder,
      stdin: "null",
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  };
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await openssl(
    ...["req", "-x509", ...key, "-subj", "/CN=ca", "-days", "2"],
    ...["-keyout", "ca.key", "-out", "ca.pem"],
  );
  for (const name of names) {
    await openssl(
      ...["req", "-x509", ...key, "-subj", `/CN=${name}`, "-days", "2"],
      ...["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "subjectAltName=IP:127.0.0.1"],
      ...["-addext", "basicConstraints=critical,CA:FALSE"],
      ...["-keyout", `${name}.key`, "-out", `${name}.pem`],
    );
  }
}
