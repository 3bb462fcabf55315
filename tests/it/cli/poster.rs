//! The poster as people meet it: the binary makes it, a QR decoder that is not ours reads it.

use std::path::PathBuf;
use std::process::Output;

use crate::support::demo::{mohr, refusal};
use crate::support::office::Office;
use mohr::protocol::ids::OfficeId;
use mohr::protocol::profile::Texts;

const STYLE: &str = include_str!("../../../src/cli/poster/poster.css");
const ADDRESS: &str = "https://office.example/";
/// One poster and eight slips.
const PIECES: usize = 9;
/// What a cheap printer prints and a cheap phone reads.
const MODULE_MM_MIN: f64 = 0.5;

struct Desk {
    folder: tempfile::TempDir,
    profile: PathBuf,
    office: OfficeId,
}

impl Desk {
    fn new(office: &Office) -> Self {
        Self::at(office, &[ADDRESS])
    }

    /// The desk of an office with these addresses.
    fn at(office: &Office, addresses: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("profile.note");
        let mut profile = office.profile.clone();
        profile.addresses =
            addresses.iter().map(|address| address.trim_end_matches('/').parse().unwrap()).collect();
        std::fs::write(&path, mohr::seal::profile::sign(profile, &office.root).unwrap()).unwrap();
        Self { folder, profile: path, office: office.profile.office }
    }

    fn poster(&self, arguments: &[&str]) -> Output {
        let mut command = mohr();
        command.arg("poster").arg("--profile").arg(&self.profile);
        command.arg("--out").arg(self.out()).args(arguments).output().unwrap()
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("poster.html")
    }

    /// A new poster's page.
    fn page(&self, arguments: &[&str]) -> String {
        let output = self.poster(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{}\n", self.office));
        let page = std::fs::read_to_string(self.out()).unwrap();
        std::fs::remove_file(self.out()).unwrap();
        page
    }
}

#[test]
fn every_qr_code_leads_to_the_page_and_names_the_office() {
    let onion = format!("http://{}d.onion", "mohrsealed".repeat(6).get(..55).unwrap());
    let longest = format!("https://{}.{}.example", "a".repeat(50), "b".repeat(33));
    assert_eq!(longest.len(), 100);
    let addresses = ["https://office.example", "https://office.example:8443", &onion, &longest];
    let desk = Desk::at(&Office::new(), &addresses);
    for address in addresses {
        for language in ["fa", "en"] {
            let page = desk.page(&["--address", &format!("{address}/"), "--language", language]);
            let codes = qr_codes(&page);
            assert_eq!(codes.len(), PIECES);
            for code in &codes {
                assert_eq!(code.text, format!("{address}/{language}/#office={}", desk.office));
                assert!(matches!(code.correction, 0 | 2 | 3), "only L, which is 1, corrects less than M");
            }
            for (rule, margin_mm) in [(".poster .scan", 4.0), (".slip .scan", 0.0)] {
                let module_mm = (size_mm(rule) - margin_mm) / codes[0].modules as f64;
                assert!(module_mm >= MODULE_MM_MIN, "{rule}: {module_mm} mm with {address}");
            }
        }
    }
}

#[test]
fn every_piece_has_all_that_a_reader_needs() {
    let desk = Desk::new(&Office::new());
    let digits = desk.office.to_string();
    let groups: Vec<_> =
        digits.as_bytes().chunks(4).map(|group| std::str::from_utf8(group).unwrap()).collect();

    let persian = desk.page(&["--address", ADDRESS]);
    assert!(persian.starts_with("<!DOCTYPE html><html lang=\"fa\" dir=\"rtl\">"));
    let english = desk.page(&["--address", ADDRESS, "--language", "en"]);
    assert!(english.starts_with("<!DOCTYPE html><html lang=\"en\" dir=\"ltr\">"));
    let names = ["دفتر بازرسی شهرداری نمونه", "Oversight office of the example city"];
    for (page, name, phone, compare) in [
        (&persian, names[0], "۱۱۰", "با پایین صفحهٔ سایت مقایسه کنید"),
        (&english, names[1], "110", "ompare this with the foot of the web page"),
    ] {
        let count = |text: &str| page.matches(text).count();
        assert_eq!(count(&format!("<bdi>{name}</bdi>")), PIECES);
        assert_eq!(count(">https://office.example</code>"), PIECES);
        assert_eq!(count(&format!("<code dir=\"ltr\">{}</code>", groups.join(" "))), PIECES);
        assert_eq!(count(compare), PIECES);
        assert_eq!(count(&format!("<bdi dir=\"ltr\">{phone}</bdi>")), PIECES);
        assert_eq!(count("<ol class=\"steps\">"), PIECES);
    }
}

#[test]
fn the_page_runs_nothing_and_fetches_nothing() {
    let desk = Desk::new(&Office::new());
    let page = desk.page(&["--address", ADDRESS]);
    assert!(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'\""));
    for word in ["<script", "<link", "<img", "<iframe", "<object", "<base", " src=", "@import", "javascript:"]
    {
        assert!(!page.contains(word), "{word}");
    }
    // References lead into the page itself.
    for (marker, own) in [("href=\"", "#"), ("url(", "#")] {
        let targets: Vec<_> = page.split(marker).skip(1).collect();
        assert!(!targets.is_empty() && targets.iter().all(|target| target.starts_with(own)), "{marker}");
    }
}

/// Whoever signs the profile may still be careless or have copied a name from somewhere.
#[test]
fn what_the_profile_says_is_never_markup() {
    const HOSTILE: &str = "</bdi></style></title><script>alert(1)</script>&amp;<img src=x onerror='a'>\"{{ text.title }}{phone}";
    let mut office = Office::new();
    let harmless = Desk::new(&office).page(&["--address", ADDRESS]);
    office.profile.name = office.profile.name.into_keys().map(|key| (key, HOSTILE.to_owned())).collect();
    office.profile.contacts.emergency_phone = format!("1{HOSTILE}");
    let page = Desk::new(&office).page(&["--address", ADDRESS]);
    let count = |page: &str, character| page.matches(character).count();
    for character in ['<', '>', '"'] {
        assert_eq!(count(&page, character), count(&harmless, character), "{character}");
    }
    let escaped = "&lt;/bdi&gt;&lt;/style&gt;&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;\
                   &lt;img src=x onerror='a'&gt;&quot;{{ text.title }}{phone}";
    assert_eq!(count_text(&page, &format!("<bdi>{escaped}</bdi>")), PIECES);
    let persian = escaped.replace("alert(1)", "alert(۱)");
    assert_eq!(count_text(&page, &format!("<bdi dir=\"ltr\">۱{persian}</bdi>")), PIECES);
}

#[test]
fn an_office_without_a_phone_number_names_the_police() {
    let mut office = Office::new();
    office.profile.contacts.emergency_phone = " ".to_owned();
    let page = Desk::new(&office).page(&["--address", ADDRESS]);
    assert_eq!(count_text(&page, "پلیس"), PIECES);
    assert!(!page.contains("<bdi dir=\"ltr\">"));
}

#[test]
fn an_onion_service_is_opened_in_tor_browser() {
    let onion = format!("http://{}d.onion/", "abcde".repeat(11));
    let desk = Desk::at(&Office::new(), &[ADDRESS, &onion]);
    assert_eq!(count_text(&desk.page(&["--address", &onion]), "در مرورگر تور"), PIECES);
    assert_eq!(count_text(&desk.page(&["--address", ADDRESS]), "در مرورگر تور"), 0);
}

/// Nobody could sign in at another, and the server would answer there that it is nobody's.
#[test]
fn the_address_is_one_of_the_offices_own() {
    let onion = format!("http://{}d.onion", "abcde".repeat(11));
    let desk = Desk::at(&Office::new(), &["http://localhost:8080", "https://office.example", &onion]);
    assert_eq!(count_text(&desk.page(&[]), ">https://office.example</code>"), PIECES);
    assert_eq!(
        count_text(
            &desk.page(&["--address", " HTTPS://Office.Example:443/"]),
            ">https://office.example</code>"
        ),
        PIECES
    );
    for other in ["https://other.example", "https://office.example:8443"] {
        let said = refusal(&desk.poster(&["--address", other]));
        assert!(said.contains("none of the office's addresses") && said.contains(&onion), "{said}");
    }
    let said = refusal(&Desk::at(&Office::new(), &["http://127.0.0.1:8080"]).poster(&[]));
    assert!(said.contains("no address of the office is for everybody"), "{said}");
}

#[test]
fn what_is_wrong_is_refused_with_a_hint_and_nothing_is_written() {
    let mut office = Office::new();
    let desk = Desk::new(&office);
    let refuse = |desk: &Desk, arguments: &[&str]| {
        let said = refusal(&desk.poster(arguments));
        assert!(said.contains("mohr: hint: "), "{said}");
        assert!(!desk.out().exists());
        said
    };
    assert!(refuse(&desk, &["--address", "http://office.example/"]).contains("onion service"));
    assert!(refuse(&desk, &["--address", "office.example"]).contains("https://"));
    assert!(refuse(&desk, &["--address", "https://office.example/fa/"]).contains("behind the name"));
    assert!(refuse(&desk, &["--address", ADDRESS, "--language", "tr"]).contains("fa, en"));

    let note = std::fs::read(&desk.profile).unwrap();
    let renamed = String::from_utf8(note).unwrap().replace("Oversight office", "Oversight 0ffice");
    std::fs::write(&desk.profile, renamed).unwrap();
    assert!(refuse(&desk, &["--address", ADDRESS]).contains("not signed"));

    office.profile.issued = crate::support::office::today().plus_days(-30);
    office.profile.expires = crate::support::office::today().plus_days(-1);
    assert!(refuse(&Desk::new(&office), &["--address", ADDRESS]).contains("expired"));
}

#[test]
fn a_language_without_texts_is_refused_and_another_is_named() {
    let mut office = Office::new();
    office.profile.languages = vec!["ku".to_owned(), "en".to_owned()];
    rename_language(&mut office, "fa", "ku");
    let desk = Desk::new(&office);
    let said = refusal(&desk.poster(&["--address", ADDRESS]));
    assert!(said.contains("no poster in ku") && said.contains("--language en"), "{said}");
    assert!(desk.page(&["--address", ADDRESS, "--language", "en"]).contains("lang=\"en\""));
}

#[test]
fn an_existing_file_is_never_overwritten() {
    let desk = Desk::new(&Office::new());
    std::fs::write(desk.out(), "mine").unwrap();
    let said = refusal(&desk.poster(&["--address", ADDRESS]));
    assert!(said.contains("nothing is overwritten"), "{said}");
    assert_eq!(std::fs::read(desk.out()).unwrap(), b"mine");
}

#[test]
fn colours_are_those_of_the_pages() {
    let pages = include_str!("../../../web/shared/styles/tokens.css");
    let colours: Vec<_> =
        STYLE.lines().map(str::trim).filter(|line| line.starts_with("--") && line.contains(": #")).collect();
    assert!(colours.len() > 10);
    for colour in colours {
        assert!(pages.lines().any(|line| line.trim() == colour), "{colour}");
    }
}

struct Code {
    text: String,
    correction: u16,
    /// Along a side, with the quiet zone.
    modules: usize,
}

/// The QR codes of a page, each drawn from the modules of its SVG and read.
fn qr_codes(page: &str) -> Vec<Code> {
    const PIXELS: usize = 4;
    let drawings = page.split("shape-rendering=\"crispEdges\"").collect::<Vec<_>>();
    drawings
        .windows(2)
        .map(|pair| {
            let modules: usize =
                behind(pair[0], "viewBox=\"0 0 ").split(' ').next().unwrap().parse().unwrap();
            let path = behind(pair[1], " d=\"").split('"').next().unwrap();
            let mut dark = vec![false; modules * modules];
            for [x, y, width, height] in path.split('M').skip(1).map(rectangle) {
                for row in y..y + height {
                    dark[row * modules + x..row * modules + x + width].fill(true);
                }
            }
            let side = modules * PIXELS;
            let mut image = rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| {
                if dark[y / PIXELS * modules + x / PIXELS] { 0 } else { 255 }
            });
            let grids = image.detect_grids();
            assert_eq!(grids.len(), 1);
            let (meta, text) = grids[0].decode().unwrap();
            Code { text, correction: meta.ecc_level, modules }
        })
        .collect()
}

/// `X YhWIDTHvHEIGHTH…V…`
fn rectangle(text: &str) -> [usize; 4] {
    let numbers: Vec<_> =
        text.split([' ', 'h', 'v', 'H', 'V']).map(|number| number.parse().unwrap()).collect();
    let [x, y, width, height, ..] = numbers[..] else { panic!("{text}") };
    [x, y, width, height]
}

/// The width that the style gives.
fn size_mm(rule: &str) -> f64 {
    let declarations = behind(STYLE, &format!("\n{rule} {{")).split('}').next().unwrap();
    behind(declarations, "inline-size: ").split("mm").next().unwrap().parse().unwrap()
}

/// What stands behind the last `marker`.
fn behind<'a>(text: &'a str, marker: &str) -> &'a str {
    text.rsplit_once(marker).unwrap_or_else(|| panic!("{marker}")).1
}

fn count_text(page: &str, text: &str) -> usize {
    page.matches(text).count()
}

fn rename_language(office: &mut Office, from: &str, to: &str) {
    let rename = |texts: &mut Texts| {
        let text = texts.remove(from).unwrap();
        texts.insert(to.to_owned(), text);
    };
    let profile = &mut office.profile;
    rename(&mut profile.name);
    rename(&mut profile.legal_note);
    profile.inspectors.iter_mut().for_each(|inspector| rename(&mut inspector.role));
    for choices in [&mut profile.kinds, &mut profile.districts, &mut profile.units] {
        choices.iter_mut().for_each(|choice| rename(&mut choice.name));
    }
    profile.services.iter_mut().for_each(|service| rename(&mut service.name));
}
