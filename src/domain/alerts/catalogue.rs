//! One entry for each kind of incident: its word, its title, what it means and what to do.

use super::IncidentKind;

/// What is said of a kind wherever it is shown.
pub(super) struct Article {
    pub(super) word: &'static str,
    pub(super) title: &'static str,
    pub(super) meaning: &'static str,
    pub(super) remedy: &'static str,
}

#[expect(clippy::too_many_lines, reason = "one entry per kind, no logic")]
pub(super) fn article(kind: IncidentKind) -> &'static Article {
    match kind {
        IncidentKind::Unswept => &Article {
            word: "boite-non-relevee",
            title: "Boîte non relevée",
            meaning: "Aucune relève complète de la boîte depuis plus longtemps que son intervalle et `health.sweep_delay`. Les courriels attendent sur le serveur : aucun n’est perdu, mais rien ne parvient au ROR.",
            remedy: "Lancez `dispolits doctor` : il essaie chaque étape (nom, connexion, certificat, authentification, dossiers) et dit laquelle échoue. Si tout réussit, prévenez l’opérateur de messagerie.",
        },
        IncidentKind::Unjudged => &Article {
            word: "courriel-non-juge",
            title: "Courriel en attente de jugement",
            meaning: "Un courriel reçu n’a pas de verdict depuis plus de `health.sweep_delay`.",
            remedy: "Regardez les traces du service (`journalctl -u dispolits`) : elles disent ce qui interrompt le jugement, le plus souvent la base ou le référentiel.",
        },
        IncidentKind::FilingRefused => &Article {
            word: "classement-refuse",
            title: "Classement refusé",
            meaning: "Un dossier de classement n’accepte pas les courriels jugés, ou ne peut être créé. Ils restent dans le dossier relevé, sans être rejugés ni répondus deux fois ; les suivants sont relevés, jugés et transmis comme d’habitude. De nouveaux essais ont lieu de plus en plus rarement, au plus tard tous les quarts d’heure.",
            remedy: "Lisez la réponse du serveur dans l’alerte. Boîte pleine (« quota ») : videz les dossiers de classement des courriels anciens, ou faites agrandir la boîte. Droits : demandez à l’opérateur le droit d’ajouter des courriels à ce dossier, ou de le créer. Nom : certains serveurs veulent un préfixe (« INBOX. ») dans `[mailbox.folders]`. `dispolits doctor` dit lequel des trois. L’alerte se clôt d’elle-même au premier essai qui réussit.",
        },
        IncidentKind::Unread => &Article {
            word: "courriel-non-lu",
            title: "Courriel non lu dans la boîte",
            meaning: "Un courriel est dans la boîte, et le service n’a pas pu le lire en plusieurs essais : le serveur ne le donne pas, le donne vide, refuse, coupe la connexion, ou Exchange donne un texte à sa place. Les autres courriels sont lus. Celui-ci n’est ni jugé ni perdu : il est toujours dans la boîte, et personne n’a reçu de réponse pour lui.",
            remedy: "Lancez `dispolits journal left list` : chaque courriel y est avec sa cause. Ouvrez-le dans la boîte avec un logiciel de messagerie : si c’est un relevé, demandez à l’établissement de l’envoyer de nouveau ; prévenez l’opérateur de messagerie. Le service réessaie de lui-même, ou à la relève suivante après `dispolits journal left retry NUMÉRO`. Si le courriel n’est plus à attendre : `dispolits journal left set-aside NUMÉRO --motif \"…\"`.",
        },
        IncidentKind::Unmoved => &Article {
            word: "courriels-non-classes",
            title: "Courriels jugés restés dans la boîte",
            meaning: "Le serveur de messagerie n’offre ni MOVE ni UIDPLUS : les courriels jugés restent dans la boîte relevée. Ils ne sont jugés et répondus qu’une fois.",
            remedy: "Demandez à l’opérateur de messagerie d’ouvrir MOVE ou UIDPLUS pour cette boîte ; à défaut, videz-la de temps à autre des courriels jugés, que le journal garde.",
        },
        IncidentKind::RorDown => &Article {
            word: "ror-indisponible",
            title: "ROR indisponible",
            meaning: "Le ROR ne répond pas, ou ne répond pas comme il le doit : les envois sont suspendus. Les valeurs les plus récentes attendent et partiront d’elles-mêmes.",
            remedy: "Lancez `dispolits doctor`. Si la connexion, le certificat et le jeton sont bons, prévenez le support du ROR en donnant l’heure du début et la cause affichée.",
        },
        IncidentKind::RorRights => &Article {
            word: "ror-droits",
            title: "Droits refusés par le ROR",
            meaning: "Le ROR refuse l’écriture sur des lieux (R04) : leurs lignes sont retenues et renvoyées de temps en temps. Ce n’est pas la faute de l’établissement.",
            remedy: "Demandez à l’administrateur du ROR d’ouvrir à Dispolits les droits d’écriture sur ces lieux. Aucune action n’est ensuite nécessaire : les lignes partent d’elles-mêmes.",
        },
        IncidentKind::RorRefusals => &Article {
            word: "ror-refus",
            title: "Valeurs refusées par le ROR",
            meaning: "Le ROR a refusé des valeurs : lieu inconnu (R01) ou en double (R02), règle de gestion (R03), autre raison (R05). Elles n’y sont pas, et l’établissement ne peut y remédier seul : l’ANS demande que le GRADeS sache toute donnée non synchronisée.",
            remedy: "Ouvrez le journal filtré sur ce code : chaque ligne dit le lieu et la réponse du ROR. Faites attribuer ou corriger le code du lieu dans le ROR, puis rejouez (`dispolits journal replay --code`).",
        },
        IncidentKind::Twin => &Article {
            word: "indicateur-en-double",
            title: "Indicateur en double dans le ROR",
            meaning: "La lecture du ROR montre un indicateur sous les deux codes du genre indifférencié (03 et 04). Dispolits n’écrit que sous celui de `ror.api.genre_indifferencie` : l’autre vieillit, et qui lit le ROR compte ces lits deux fois.",
            remedy: "Voyez leur liste (lien « voir » de cette alerte, ou `dispolits journal twins`), vérifiez avec l’établissement qu’aucun autre logiciel n’écrit sous l’autre code, puis supprimez-les depuis cette liste (ou par `dispolits journal twins --supprimer NUMÉRO`).",
        },
        IncidentKind::CredentialRefused => &Article {
            word: "acces-refuse",
            title: "Accès refusé",
            meaning: "Un serveur refuse notre compte, notre certificat, notre client ou notre adresse d’expédition (messagerie, envoi ou jeton du ROR). De nouveaux essais sont rares, pour ne pas bloquer le compte.",
            remedy: "Vérifiez le mot de passe, la date du certificat et son DN déclaré auprès de l’opérateur, corrigez la configuration, puis lancez `dispolits doctor` et rechargez le service.",
        },
        IncidentKind::Certificate => &Article {
            word: "certificat-expirant",
            title: "Certificat bientôt expiré",
            meaning: "Un de nos certificats expire dans moins de 90 jours ; un rappel suit à 60, 30 et 7 jours. Expiré, il ne se renouvelle plus et la connexion qu’il ouvre est perdue.",
            remedy: "Renouvelez-le à l’IGC-Santé avant cette date, déclarez son DN s’il change, remplacez le fichier et rechargez le service.",
        },
        IncidentKind::SilentEstablishment => &Article {
            word: "etablissement-silencieux",
            title: "Établissement silencieux",
            meaning: "Aucun relevé de l’établissement n’a pu être retenu depuis bien plus longtemps que sa cadence, déclarée ou habituelle : rien n’est arrivé, ou tout a été refusé. Ses disponibilités dans le ROR vieillissent.",
            remedy: "Appelez l’établissement (sa fiche réunit contact et derniers envois), ou envoyez-lui une relance. S’il a prévenu d’un arrêt, mettez-le en silence jusqu’à la date annoncée.",
        },
        IncidentKind::SilentService => &Article {
            word: "service-silencieux",
            title: "Service silencieux",
            meaning: "L’établissement envoie, mais ce service n’est plus dans ses envois. Un service absent reste inchangé dans le ROR : ses valeurs vieillissent.",
            remedy: "Demandez à l’établissement si le service est fermé ou a changé de code ; le cas échéant, faites corriger le référentiel régional.",
        },
        IncidentKind::Rejections => &Article {
            word: "rejets-inhabituels",
            title: "Rejets inhabituels",
            meaning: "Bien plus de courriels sont rejetés, même en partie, que d’habitude : le plus souvent un logiciel mis à jour, ou un référentiel qui ne correspond plus.",
            remedy: "Ouvrez le journal filtré sur l’établissement et sur l’heure : le code le plus fréquent dit qui doit agir. Une fois la cause corrigée, rejouez les courriels rejetés pour elle.",
        },
        IncidentKind::Undelivered => &Article {
            word: "reponse-non-remise",
            title: "Réponse non remise",
            meaning: "La réponse à un courriel a été abandonnée après ses essais, refusée pour l’un de ses destinataires, ou est revenue en erreur : quelqu’un ne sait pas ce qui a été rejeté.",
            remedy: "Ouvrez le courriel dans le journal, vérifiez l’adresse qui n’a pas été servie et prévenez l’établissement par téléphone ; la réponse peut être renvoyée depuis cette page.",
        },
        IncidentKind::ToRead => &Article {
            word: "message-a-lire",
            title: "Message à lire",
            meaning: "Quelqu’un, ou un répondeur, a répondu à un courriel de Dispolits par un texte sans compte rendu. Dispolits n’y répond pas : deux automates se répondraient sans fin.",
            remedy: "Lisez le courriel dans le journal. Si une personne pose une question, répondez-lui ; si c’est un avis d’absence, marquez-le comme traité. Avec `reply.contact`, ces réponses vont à une personne de votre équipe.",
        },
        IncidentKind::RepliesWaiting => &Article {
            word: "reponses-en-attente",
            title: "Réponses en attente",
            meaning: "Des réponses attendent depuis trop longtemps : le serveur d’envoi n’en accepte aucune, ou pas celles-là. Elles partiront d’elles-mêmes.",
            remedy: "Lancez `dispolits doctor` : il essaie le serveur d’envoi étape par étape. Les alertes par courriel passent par le même serveur : fiez-vous au tableau de bord et au webhook.",
        },
        IncidentKind::Balance => &Article {
            word: "bilan-desequilibre",
            title: "Bilan déséquilibré",
            meaning: "Des courriels reçus n’ont aucune issue et ne sont pas en cours : ce ne doit jamais arriver.",
            remedy: "Lancez `dispolits journal balance` puis `dispolits store check`, gardez les traces du service et prévenez l’éditeur. Les courriels restent dans la base et dans la boîte.",
        },
        IncidentKind::Disk => &Article {
            word: "disque",
            title: "Disque bientôt plein",
            meaning: "Il reste peu de place là où se trouve la base ; avec PostgreSQL, dans le dossier de travail du service : le disque du serveur PostgreSQL n’est pas vu d’ici. Sur un disque plein, la relève s’arrête ; les courriels attendent alors dans la boîte.",
            remedy: "Agrandissez le disque ou libérez de la place (sauvegardes, traces du système) ; si la base elle-même est grande, réduisez les durées de la section `[retention]`.",
        },
        IncidentKind::PatientDocument => &Article {
            word: "document-patient",
            title: "Document de patient reçu",
            meaning: "Un établissement a envoyé par erreur un document de patient (M06). Son contenu n’est montré qu’aux administrateurs et s’efface au terme de `retention.patient_content`.",
            remedy: "Prévenez l’établissement, qui doit corriger l’adresse de destination de son logiciel, et suivez votre procédure de violation de données (délégué à la protection des données).",
        },
        IncidentKind::StoreSilent => &Article {
            word: "base-muette",
            title: "Base de données muette",
            meaning: "La base ne se laisse pas lire : plus rien n’est relevé, jugé ni envoyé. Les courriels attendent dans les boîtes.",
            remedy: "Vérifiez le disque ou le serveur PostgreSQL, puis lancez `dispolits doctor`. Le service reprend de lui-même.",
        },
        IncidentKind::LateDeliveries => &Article {
            word: "envois-en-retard",
            title: "Envois en retard",
            meaning: "Des lignes attendent le ROR depuis plus de `ror.delivery.late_after`. Elles ne sont jamais abandonnées : les plus récentes partiront.",
            remedy: "Voyez d’abord les alertes « ROR indisponible » et « Droits refusés par le ROR » ; sinon, ouvrez une des lignes en attente : ses requêtes et leurs réponses y sont.",
        },
        IncidentKind::Referential => &Article {
            word: "referentiel-refuse",
            title: "Référentiel refusé",
            meaning: "Les nouveaux fichiers du référentiel régional contiennent des erreurs : l’ancien référentiel reste en vigueur.",
            remedy: "Les traces du service donnent chaque erreur avec sa ligne : corrigez le fichier, il est repris dans les secondes qui suivent.",
        },
        IncidentKind::Stuck => &Article {
            word: "tache-bloquee",
            title: "Tâche bloquée",
            meaning: "Une tâche du service ne donne plus aucun signe. systemd relance le service si sa surveillance est active.",
            remedy: "Relancez le service s’il ne l’a pas été (`systemctl restart dispolits`), puis gardez ses traces pour l’éditeur.",
        },
    }
}
