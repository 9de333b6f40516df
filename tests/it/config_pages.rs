//! The keys of `[web]` that would let passwords or sessions be read or guessed.

use crate::config::{EXAMPLE, load};

/// The example, of the production, with one thing changed in its pages.
fn check_pages_refused(production: bool, from: &str, to: &str, fragment: &str) {
    let text = if production {
        EXAMPLE
            .replace("environnement = \"qualification\"", "environnement = \"production\"")
            .replace("bas-api-fhir.qualif.ror", "api-fhir.ror")
            .replace("bas-auth-api.qualif.ror", "auth-api.ror")
    } else {
        EXAMPLE.to_owned()
    };
    load(&text).unwrap();
    assert!(text.contains(from), "the example has « {from} »");
    let error = load(&text.replacen(from, to, 1)).unwrap_err();
    assert!(error.contains(fragment), "« {error} » should say « {fragment} »");
}

#[test]
fn what_would_open_the_pages_to_strangers_is_refused() {
    let (public, listen) = ("public_url = \"https://lits.gcs.example\"", "listen = \"127.0.0.1:8080\"");
    for path in ["https://lits.gcs.example/journal", "https://moi@lits.gcs.example"] {
        check_pages_refused(false, public, &format!("public_url = \"{path}\""), "sans chemin");
    }
    check_pages_refused(true, public, "public_url = \"http://lits.gcs.example\"", "exigée en production");
    let open = listen.replace("127.0.0.1", "0.0.0.0");
    let both = EXAMPLE.lines().skip_while(|line| *line != listen).take_while(|line| *line != public).chain([public]);
    let both = both.collect::<Vec<_>>().join("\n");
    check_pages_refused(false, &both, &open, "hors de cette machine");
    check_pages_refused(true, "second_factor = true", "second_factor = false", "n’est pas admis en production");
    check_pages_refused(false, "enabled = true", "enabled = false", "personne ne pourrait se connecter");
    let openid = "[web.openid]\nissuer = \"http://connexion.gcs.example\"\nclient_id = \"d\"\nrole_claim = \"g\"\n\
                  [web.openid.roles]\n[log]";
    check_pages_refused(false, "[log]", openid, "web.openid.issuer");
    let here = openid.replace("connexion.gcs.example", "127.0.0.1:8081");
    check_pages_refused(true, "[log]", &here, "web.openid.issuer");
    let proxy = "[web.proxy]\ntrusted = [\"127.0.0.1\"]\n";
    let required = format!("{proxy}certificate_required = true\n[log]");
    check_pages_refused(false, "[log]", &required, "certificate_required demande web.proxy.certificate_header");
    let machine = format!("{proxy}[[web.proxy.machines]]\ndn = \"CN=a\"\nrole = \"lecteur\"\n[log]");
    check_pages_refused(false, "[log]", &machine, "machines demande web.proxy.certificate_header");
    check_pages_refused(false, "[log]", &format!("{proxy}certficate_header = \"X\"\n[log]"), "clé inconnue");
}
