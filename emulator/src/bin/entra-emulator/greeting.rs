//! What a developer reads when everything runs.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
};

use emulator::{Emulator, Person, ids};
use url::Url;

/// The emulator by itself.
pub(crate) fn alone(entra: &Emulator) -> String {
    format!("\n{}{}{}\n", urls(entra), people(entra), token(entra))
}

/// The emulator beside an API, which is where `wait` is.
pub(crate) fn beside(entra: &Emulator, wait: &Url) -> String {
    let api = wait.origin().ascii_serialization();
    format!(
        "\n  API             {api}\n{}{}{}  curl -s {api}/api/auth/me -H \"authorization: Bearer $TOKEN\"\n\n",
        urls(entra),
        people(entra),
        token(entra),
    )
}

/// Writes to standard output, unless nobody listens any more.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

fn urls(entra: &Emulator) -> String {
    let mut text = format!("  Entra emulator  {}\n", entra.http_url());
    if let Some(https) = entra.https_url() {
        let indent = " ".repeat(18);
        writeln!(text, "{indent}{https} (trust {}/emulator/ca.pem)", entra.http_url())
            .expect("writing into a string does not fail");
    }
    text
}

fn people(entra: &Emulator) -> String {
    let people = entra.people();
    let widest =
        |column: fn(&Person) -> &str| people.iter().map(|person| column(person).len()).max().unwrap_or(0);
    let (user, tenant) = (widest(|person| &person.sign_in_name), widest(|person| &person.tenant));
    let mut text = String::from("\n  Who can sign in\n");
    let password = ids::PASSWORD;
    for Person { sign_in_name, tenant: seen_in, remark, .. } in &people {
        let line = format!("  {sign_in_name:user$}  {seen_in:tenant$}  {password}  {remark}");
        writeln!(text, "{}", line.trim_end()).expect("writing into a string does not fail");
    }
    text
}

fn token(entra: &Emulator) -> String {
    format!(
        "\n  Try it\n  TOKEN=$(curl -s {}/emulator/control/tokens -H 'content-type: application/json' \
         -d '{{\"user\":\"adele\"}}' | python3 -c 'import sys,json; print(json.load(sys.stdin)[\"access_token\"])')\n",
        entra.http_url()
    )
}
