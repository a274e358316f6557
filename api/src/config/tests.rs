//! What holds for the configuration as a whole.

use std::{collections::BTreeSet, fs, path::PathBuf};

use secrecy::ExposeSecret;

use super::{
    catalog,
    testing::{CLIENT_ID, TENANT_ID, loaded, refused, refused_exactly},
    *,
};

const KEY: &str = "a-secret-key-of-more-than-32-bytes-00001";

/// A directory with `tenantry.toml` in it.
fn with_file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tenantry.toml");
    fs::write(&path, text).unwrap();
    (directory, path)
}

/// What comes of a file, and of variables beside it.
fn from_file(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let (_directory, path) = with_file(text);
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load(Sources::new(variables, Some(path.clone())))
        .map_err(|problems| problems.to_string().replace(&path.display().to_string(), "tenantry.toml"))
}

#[test]
fn who_changes_a_schema_need_not_know_of_entra_id_and_is_told_what_is_wrong_with_the_rest() {
    let read = |variables: &[(&str, &str)]| {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        load_for_schema(Sources::new(variables, None)).map_err(|problems| problems.to_string())
    };
    let url = ("DATABASE_URL", "postgres://tenantry@localhost/tenantry");
    let admin = ("DATABASE_ADMIN_URL", "postgres://owner@localhost/tenantry");
    let config = read(&[url, admin]).unwrap();
    assert!(config.database.admin_url.is_some() && config.database.kind == DatabaseKind::Postgres);
    let problem = read(&[url, ("DATABASE_ADMIN_URL", "sqlite://a.db")]).unwrap_err();
    assert!(problem.contains("DATABASE_ADMIN_URL") && !problem.contains("AZURE_CLIENT_ID"), "{problem}");
}

#[test]
fn all_problems_are_reported_at_once() {
    let problems = refused_exactly(&[
        ("PORT", "none"),
        ("DATABASE_URL", "mysql://db"),
        ("AZURE_TENANT_ID", "?"),
        ("TENANT_POLICY", "closed"),
        ("TOKEN_KEY", "short"),
        ("REVOCATION_MAX_STALE", "soon"),
    ]);
    let named: Vec<&str> =
        problems.lines().filter_map(|line| line.split_once(": ")).map(|(name, _)| name).collect();
    let expected = [
        "PORT",
        "DATABASE_URL",
        "AZURE_TENANT_ID",
        "AZURE_CLIENT_ID",
        "TENANT_POLICY",
        "TOKEN_KEY",
        "REVOCATION_MAX_STALE",
    ];
    assert_eq!(named, expected, "{problems}");
}

#[test]
fn secrets_are_not_printed() {
    let config = loaded(&[
        ("DATABASE_URL", "postgres://tenantry:hunter2@db/tenantry"),
        ("DATABASE_ADMIN_URL", "postgres://owner:hunter2@db/tenantry"),
        ("TOKEN_KEY", KEY),
    ]);
    let printed = format!("{config:?} {config:#?}");
    assert!(!printed.contains("hunter2") && !printed.contains(KEY), "{printed}");
}

#[test]
fn credentials_in_a_url_are_not_printed_wherever_they_were_put() {
    let problems = refused(&[("PUBLIC_URL", "https://me:hunter2@tenantry.example.com")]);
    assert_eq!(problems, "PUBLIC_URL: the value holds credentials; leave them out");
}

#[test]
fn an_empty_value_is_not_set() {
    let config = loaded(&[("PORT", ""), ("HOST", "  "), ("TOKEN_KEY", ""), ("ALLOWED_TENANTS", "")]);
    assert_eq!(config.process.port, 4000);
    assert!(config.keys.ring.is_none());
}

#[test]
fn two_names_of_one_setting_must_agree() {
    assert_eq!(loaded(&[("PORT", "5000"), ("SERVER_PORT", "5000")]).process.port, 5000);
    let problems = refused(&[("PORT", "5000"), ("SERVER_PORT", "6000")]);
    assert_eq!(problems, "PORT: has another value than SERVER_PORT, which means the same; keep one of them");
    let problems = refused(&[("MICROSOFT_CLIENT_ID", TENANT_ID)]);
    assert!(
        problems.starts_with("AZURE_CLIENT_ID: has another value than MICROSOFT_CLIENT_ID"),
        "{problems}"
    );
}

#[test]
fn a_problem_names_the_setting_as_it_was_written() {
    assert!(refused(&[("SERVER_PORT", "x")]).starts_with("SERVER_PORT: "));
    assert!(
        from_file("[process]\nport = 'x'", &[]).unwrap_err().starts_with("process.port in tenantry.toml: ")
    );
}

#[test]
fn values_refer_to_each_other() {
    let config = loaded(&[
        ("PORT", "5000"),
        ("BASE_URL", "http://localhost:${PORT}"),
        ("PASSWORD", "hunter2"),
        ("DATABASE_URL", "postgres://u:${PASSWORD}@db/d"),
        ("TOKEN_KEY", KEY),
    ]);
    assert_eq!(config.process.public_url.port(), Some(5000));
    assert_eq!(config.database.url.expose_secret(), "postgres://u:hunter2@db/d");
    let problems = refused(&[("PUBLIC_URL", "https://${SITE}")]);
    assert!(problems.starts_with("PUBLIC_URL: refers to ${SITE}, which is not set"), "{problems}");
}

#[test]
fn a_secret_may_be_in_a_file() {
    for (held, end) in
        [(KEY, "\n"), (KEY, "\r\n"), (KEY, ""), ("${not-a-name} padded to 32 bytes and on", "\n")]
    {
        let (directory, _) = with_file("");
        let path = directory.path().join("key");
        fs::write(&path, format!("{held}{end}")).unwrap();
        let ring = loaded(&[("TOKEN_KEY_FILE", path.to_str().unwrap())]).keys.ring.unwrap();
        assert_eq!(ring.sealing.key.expose_secret(), held, "of one newline, and as it stands");
    }
}

#[test]
fn a_file_for_a_secret_must_be_readable_alone_and_not_empty() {
    let problems = refused(&[("TOKEN_KEY_FILE", "/nowhere/key")]);
    assert!(problems.starts_with(r#"TOKEN_KEY_FILE: "/nowhere/key" cannot be read"#), "{problems}");
    let problems = refused(&[("TOKEN_KEY_FILE", "/nowhere/key"), ("TOKEN_KEY", KEY)]);
    assert_eq!(problems, "TOKEN_KEY: given together with TOKEN_KEY_FILE; keep one of them");
    let (_directory, path) = with_file("\n");
    assert!(
        refused(&[("TOKEN_KEY_FILE", path.to_str().unwrap())]).contains("is empty; put the value into it")
    );
}

#[test]
fn the_file_gives_what_the_environment_does_not() {
    let (directory, secret) = with_file(KEY);
    let text = format!(
        "[process]\nport = 5000\nlog_level = 'debug'\ntrusted_proxies = ['10.0.0.1', '10.0.0.2']\n\
         [entra]\nclient_id = '{CLIENT_ID}'\ntenant_id = 'common'\n\
         [tenants]\nallowed_domains = ['contoso.com']\nfirst_user_is_admin = false\n\
         [keys]\ntoken_key_file = '{}'\n[database]\n",
        secret.display()
    );
    let config = from_file(&text, &[("SERVER_PORT", "6000")]).unwrap();
    assert_eq!(config.process.port, 6000, "the environment wins, by whichever name");
    assert_eq!((config.process.log_filter.as_str(), config.process.trusted_proxies.len()), ("debug", 2));
    assert_eq!(config.tenants.allowed, [domain::access::AllowedTenant::Domain("contoso.com".to_owned())]);
    assert!(!config.tenants.first_user_is_admin);
    assert_eq!(config.keys.ring.unwrap().sealing.key.expose_secret(), KEY);
    drop(directory);
}

#[test]
fn the_environment_may_name_the_file() {
    let (_directory, path) = with_file("[process]\nport = 5000");
    assert_eq!(loaded(&[("TENANTRY_CONFIG", path.to_str().unwrap())]).process.port, 5000);
    let problems = refused(&[("TENANTRY_CONFIG", "/nowhere/tenantry.toml")]);
    assert!(
        problems.starts_with("/nowhere/tenantry.toml: the configuration file cannot be read"),
        "{problems}"
    );
}

#[test]
fn unknown_keys_of_the_file_are_refused_with_the_nearest_known() {
    let least = [("AZURE_CLIENT_ID", CLIENT_ID), ("AZURE_TENANT_ID", TENANT_ID)];
    let problems =
        from_file("[process]\nprot = 1\n[database]\nurl_fle = 'x'\n[revocations]\n", &least).unwrap_err();
    for expected in [
        "tenantry.toml: unknown key `process.prot`; the nearest known one is `process.port`",
        "tenantry.toml: unknown key `database.url_fle`; the nearest known one is `database.url_file`",
        "tenantry.toml: unknown key `revocations`;",
    ] {
        assert!(problems.contains(expected), "{problems}");
    }
    assert_eq!(problems.lines().count(), 3, "{problems}");
    assert!(
        from_file("[process]\nport = ['1', '2']", &least)
            .unwrap_err()
            .contains("takes one value, not a list")
    );
    assert!(from_file("[entra]\naudiences = [['a']]", &least).unwrap_err().contains("list plain values"));
}

#[test]
fn a_file_that_is_not_toml_is_refused_without_showing_its_lines() {
    let problems = from_file("[keys]\ntoken_key = 'hunter2\n", &[]).unwrap_err();
    assert!(problems.starts_with("tenantry.toml: not a TOML file (TOML parse error at line 2"), "{problems}");
    assert!(!problems.contains("hunter2"), "{problems}");
}

#[test]
fn near_misses_are_warned_about_and_older_names_listed_once() {
    let config = loaded(&[
        ("AZURE_CLIENTID", "x"),
        ("RATE_LIMIT_ADRESS", "off"),
        ("JWT_SECRET", "hunter2"),
        ("PRISMA_PORT", "1"),
        ("ACCESS_TOKEN_SECRET", ""),
        ("REDIS_URL", "redis://cache"),
        ("WEB_APP_URL", "https://tenantry.example.com"),
        ("PATH", "/bin"),
    ]);
    let expected = [
        "without a meaning here, and not read: JWT_SECRET, PRISMA_PORT",
        "AZURE_CLIENTID is not read; was AZURE_CLIENT_ID meant?",
        "RATE_LIMIT_ADRESS is not read; was RATE_LIMIT_ADDRESS meant?",
    ];
    assert_eq!(config.warnings, expected);
}

#[test]
fn a_value_that_is_not_text_is_refused_when_it_is_ours() {
    let mut sources = Sources::new([("AZURE_TENANT_ID".to_owned(), TENANT_ID.to_owned())], None);
    sources.unreadable = vec!["AZURE_CLIENT_ID".to_owned(), "LS_COLORS".to_owned()];
    let problems = load(sources).unwrap_err().to_string();
    assert_eq!(problems, "AZURE_CLIENT_ID: the value is not UTF-8 text; correct its encoding");
}

#[test]
fn the_reference_has_every_name_and_no_other() {
    let reference = include_str!("../../../.env.example");
    let written: BTreeSet<&str> = reference
        .lines()
        .filter_map(|line| line.trim_start_matches("# ").split_once('='))
        .map(|(name, _)| name)
        .filter(|name| name.chars().all(|character| character.is_ascii_uppercase() || character == '_'))
        .collect();
    let known: BTreeSet<&str> =
        catalog::settings().map(|setting| setting.name).chain(catalog::LATER.iter().copied()).collect();
    assert_eq!(written, known);
    for older in catalog::settings().flat_map(|setting| setting.older) {
        assert!(reference.contains(older), "{older} is not mentioned");
    }
    for later in catalog::LATER {
        let (before, _) = reference.split_once(&format!("# {later}=")).unwrap();
        let comment = before.rsplit("\n\n").next().unwrap();
        assert!(comment.contains("read by a later version"), "{later} looks as if it had an effect");
    }
}

#[test]
fn the_reference_starts_a_service_when_its_blanks_are_filled() {
    let reference = include_str!("../../../.env.example");
    let variables =
        reference.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    let filled: Vec<(&str, &str)> = variables
        .map(|(name, value)| match name {
            "AZURE_CLIENT_ID" => (name, CLIENT_ID),
            "TENANT_POLICY" => (name, "consented"),
            _ => (name, value),
        })
        .collect();
    let config = loaded(&[&[("AZURE_TENANT_ID", "common")], &filled[..]].concat());
    assert_eq!(config.process.port, 4000);
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
}
