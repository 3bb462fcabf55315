//! `mohr demo`: a whole throw-away office in one folder, running. For trying only: its passphrase lies beside
//! its keys.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use age::secrecy::SecretString;
use clap::Args;
use serde::Serialize;

use super::Failure;
use super::failure::not_written;
use super::files::{write_new_private, write_new_public};
use super::keys::{EXAMPLE_PROFILE, write_root};
use super::passphrase::key_file_failure;
use super::serve::{database_failure, listen, run as run_async, server_failure, stopped};
use super::writer::{note, print};
use crate::files::{create_private_folder, replace_private};
use crate::http::log;
use crate::protocol::address::Address;
use crate::protocol::day::Day;
use crate::protocol::ids::encode_hex;
use crate::protocol::profile::Profile;
use crate::seal::key_file::{InspectorKeys, RootKeys};
use crate::seal::profile::sign;
use crate::server::config::parse_listen;
use crate::server::{self, Config};
use crate::storage;

const VALID_DAYS: i32 = 30;
/// The inspectors' ids and public roles.
const INSPECTORS: [(&str, &str, &str); 2] =
    [("inspector-1", "بازرس یکم", "First inspector"), ("inspector-2", "بازرس دوم", "Second inspector")];

#[derive(Args)]
pub struct DemoArguments {
    /// A folder for the office; must not hold one yet [default: a new temporary folder]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Where to listen; port 0 takes any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", value_parser = parse_listen)]
    listen: SocketAddr,
}

/// Where everything of the demo office is, for programs.
#[derive(Serialize)]
struct Index {
    reporter_url: String,
    office: String,
    profile: PathBuf,
    identities: Vec<PathBuf>,
    passphrase_file: PathBuf,
    root_key: PathBuf,
    next_root_key: PathBuf,
    root_public_key: PathBuf,
    database: PathBuf,
    config: PathBuf,
}

pub fn run(arguments: &DemoArguments) -> Result<(), Failure> {
    let folder = match &arguments.dir {
        Some(folder) => folder.clone(),
        None => temporary_folder(),
    };
    create_private_folder(&folder).map_err(|error| not_written(&folder, error))?;
    let folder =
        folder.canonicalize().map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
    if folder.join("demo.json").exists() || folder.join("profile.note").exists() {
        return Err(Failure::with_hint(
            format!("{} already holds an office", folder.display()),
            format!("run it again with mohr serve --config {}", folder.join("server.toml").display()),
        ));
    }
    run_async(async {
        // The port first: the profile says where its office is.
        let listener = listen(arguments.listen).await?;
        let address = listener.local_addr().map_err(Failure::new)?;
        note("making a throw-away office …");
        let index = make_office(&folder, address)?;
        let config = Config::load(&index.config).map_err(Failure::new)?;
        // Connections queue at the listener from here on and signals are caught, so whoever reads demo.json
        // finds the server and can stop it.
        let stopped = stopped();
        write_index(&folder, &index)?;
        print_guide(&index);
        log::init(config.log.level);
        server::serve(config, listener, stopped).await.map_err(server_failure)
    })?;
    note(format!("stopped; the office is still in {}", folder.display()));
    Ok(())
}

/// Roots, inspectors, signed profile, database and configuration.
fn make_office(folder: &Path, address: SocketAddr) -> Result<Index, Failure> {
    let addresses = addresses(address);
    let mut index = Index {
        reporter_url: format!("{}/fa/", addresses[0]),
        office: String::new(),
        profile: folder.join("profile.note"),
        identities: INSPECTORS.iter().map(|(id, ..)| folder.join(format!("{id}.age"))).collect(),
        passphrase_file: folder.join("passphrase.txt"),
        root_key: folder.join("root.age"),
        next_root_key: folder.join("next-root.age"),
        root_public_key: folder.join("root.pub"),
        database: folder.join("mohr.sqlite3"),
        config: folder.join("server.toml"),
    };
    let text = zeroize::Zeroizing::new(encode_hex(&*crate::seal::random_seed()));
    write_new_private(&index.passphrase_file, format!("{}\n", *text).as_bytes())?;
    let passphrase = SecretString::from(text.as_str());

    let (root, next_root) = RootKeys::generate();
    write_new_private(&index.next_root_key, &next_root.seal(&passphrase).map_err(key_file_failure)?)?;
    write_root(&root, &index.root_key, &passphrase)?;
    index.office = root.office.to_string();

    let mut profile: Profile = serde_json::from_str(EXAMPLE_PROFILE).expect("the example is a profile");
    for ((id, role_fa, role_en), path) in INSPECTORS.into_iter().zip(&index.identities) {
        let keys = InspectorKeys::generate(id.parse().expect("a literal id"));
        write_new_private(path, &keys.seal(&passphrase).map_err(key_file_failure)?)?;
        let role =
            [("fa", role_fa), ("en", role_en)].map(|(language, text)| (language.to_owned(), text.to_owned()));
        profile.inspectors.push(keys.public_entry(profile.version, role.into()));
    }
    profile.office = root.office;
    profile.roots = vec![root.root()];
    profile.issued = Day::today();
    profile.expires = profile.issued.plus_days(VALID_DAYS);
    profile.addresses = addresses;
    let hosts: Vec<_> = profile.addresses.iter().map(|address| format!("{:?}", address.host())).collect();
    let note = sign(profile, &root.key).map_err(Failure::new)?;
    write_new_public(&index.profile, note.as_bytes())?;
    storage::create(&index.database, root.office).map_err(database_failure)?;
    let settings = format!(
        "listen = \"{address}\"\n\n[[office]]\nhosts = [{}]\nprofile = \"profile.note\"\n\
         database = \"mohr.sqlite3\"\n",
        hosts.join(", ")
    );
    write_new_private(&index.config, settings.as_bytes())?;
    Ok(index)
}

/// Where the demo office is reached: where it listens, and by the names of this machine. The first is for the
/// person who tries it.
fn addresses(listen: SocketAddr) -> Vec<Address> {
    let port = match listen.port() {
        80 => String::new(),
        port => format!(":{port}"),
    };
    let listened = if listen.ip().is_unspecified() { None } else { Some(listen.ip()) };
    let bracketed = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    let mut hosts: Vec<_> = listened.map(bracketed).into_iter().collect();
    hosts.extend(["127.0.0.1".to_owned(), "localhost".to_owned()]);
    let mut addresses: Vec<Address> = Vec::new();
    for host in hosts {
        let address = format!("http://{host}{port}").parse().expect("an address in its one spelling");
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

/// Under its final name only when it is whole: who waits for it never reads half of it.
fn write_index(folder: &Path, index: &Index) -> Result<(), Failure> {
    let json = serde_json::to_vec_pretty(index).expect("plain structures serialize");
    replace_private(&folder.join("demo.json"), &json).map_err(Failure::new)
}

fn print_guide(index: &Index) {
    let identity = index.identities[0].display();
    let server = index.reporter_url.trim_end_matches("/fa/");
    let passphrase = index.passphrase_file.display();
    // As the person called it: after `cargo run` there is no `mohr` on the path.
    let program = std::env::args_os().next().unwrap_or_else(|| "mohr".into());
    let program = Path::new(&program).display();
    let folder = index.config.parent().unwrap_or(Path::new(".")).display();
    let config = index.config.display();
    let guide = format!(
        "mohr demo: a throw-away office, FOR TRYING ONLY (its passphrase lies beside its keys)\n\n\
         Report as a citizen    {}\n\
         \x20                      {server}/en/ in English\n\
         Read as an inspector   {program} inbox --identity {identity} --passphrase-file {passphrase} --server {server}\n\
         \x20                      {program} open CASE, {program} reply CASE --text-file FILE, with the same three options\n\
         Office id              {}\n\
         Everything is in       {folder}\n\
         Run it again with      {program} serve --config {config}\n\n\
         Stop with Ctrl-C.\n",
        index.reporter_url, index.office
    );
    // The office is there and runs, whether or not anybody reads this.
    if print(&guide).is_err() {
        note(format!("the guide could not be printed; demo.json in {folder} says the same"));
    }
}

fn temporary_folder() -> PathBuf {
    let mut name = [0; 8];
    crate::seal::fill_random(&mut name);
    std::env::temp_dir().join(format!("mohr-demo-{}", encode_hex(&name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_office_is_reached_where_it_listens_and_by_the_machines_names() {
        let of = |listen: &str| {
            let addresses = addresses(listen.parse().unwrap());
            addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(of("127.0.0.1:8080"), "http://127.0.0.1:8080 http://localhost:8080");
        assert_eq!(of("0.0.0.0:80"), "http://127.0.0.1 http://localhost");
        assert_eq!(of("[::1]:8080"), "http://[::1]:8080 http://127.0.0.1:8080 http://localhost:8080");
        assert_eq!(of("10.0.0.7:81"), "http://10.0.0.7:81 http://127.0.0.1:81 http://localhost:81");
    }
}
