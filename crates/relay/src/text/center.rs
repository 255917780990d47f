//! 1xxx: the center's people have to act.

use super::{Text, text};
use crate::Code;

pub(super) const TEXTS: &[Text] = &[
    text(
        Code::WRONG_PASSPHRASE,
        &[],
        ("The keystore's passphrase is wrong.", "Enter it again; after a key ceremony, the newest one."),
        ("鍵ストアのパスフレーズが違います。", "もう一度入力してください。鍵セレモニー後は最新のものを使います。"),
    ),
    text(
        Code::PERSON_REFUSED,
        &[],
        (
            "The name is unknown or the secret is wrong.",
            "Check both; capital letters count. If the secret is lost, an admin adds the person under another name.",
        ),
        (
            "名前が登録されていないか、秘密情報が違います。",
            "両方を確認してください（大文字と小文字は区別されます）。秘密情報を失った場合は、管理者が別の名前で登録します。",
        ),
    ),
    text(
        Code::ROLE_MISSING,
        &["person", "role"],
        ("{person} does not have the role {role}.", "Ask someone who has it."),
        ("{person} には役割 {role} がありません。", "役割を持つ人に依頼してください。"),
    ),
    text(
        Code::SAME_PERSON,
        &[],
        ("Who took an earlier step of this may not take this one.", "Have another person do it."),
        ("前の手順を行った人は、この手順を行えません。", "別の担当者が行ってください。"),
    ),
    text(
        Code::PUBLISHED_KEY,
        &["key"],
        ("{key} is a published test key.", "Use a key that was drawn for this purpose and is known to no one else."),
        ("{key} は公開されているテスト鍵です。", "専用に生成した、他に知られていない鍵を使ってください。"),
    ),
    text(
        Code::PRODUCT_REFUSED,
        &["product", "reason"],
        ("The card product {product} cannot be used: {reason}.", "Correct its file and import it again."),
        ("カード製品 {product} は使用できません: {reason}。", "ファイルを修正して再度取り込んでください。"),
    ),
    text(
        Code::PROFILE_REFUSED,
        &["profile", "reason"],
        ("The profile {profile} cannot be used: {reason}.", "Correct its file and import it again."),
        ("プロファイル {profile} は使用できません: {reason}。", "ファイルを修正して再度取り込んでください。"),
    ),
    text(
        Code::KEYSTORE_UNAVAILABLE,
        &[],
        ("The keystore does not answer; nothing was sent.", "Bring it back, then try again."),
        ("鍵ストアが応答しません。何も送信していません。", "鍵ストアを復旧してから再試行してください。"),
    ),
    text(
        Code::LOG_DAMAGED,
        &["index", "reason"],
        ("The log is wrong from entry {index}: {reason}.", "Stop issuing, keep a copy, and compare with the witness."),
        ("ログは項目 {index} から不正です: {reason}。", "発行を止め、写しを保管し、証人の記録と照合してください。"),
    ),
    text(
        Code::NAME_TAKEN,
        &["name"],
        (
            "The name {name} is taken.",
            "Take another name; a terminal's or a reader's is free again once it is revoked.",
        ),
        (
            "名前 {name} は既に使われています。",
            "別の名前を使ってください。端末とリーダーの名前は失効させると再び使えます。",
        ),
    ),
    text(
        Code::ROLES_REFUSED,
        &["roles"],
        (
            "One person cannot have these roles: {roles}.",
            "Give them to different people: who enters an order does not approve it, who approves does not write it.",
        ),
        (
            "1 人にこれらの役割を与えることはできません: {roles}。",
            "受付・承認・発行は別々の担当者に割り当ててください。",
        ),
    ),
    text(
        Code::KEY_REFUSED,
        &["key", "reason"],
        (
            "The key {key} is not taken: {reason}.",
            "Compare it with the papers of the key ceremony, then enter it again.",
        ),
        ("鍵 {key} は受け付けられません: {reason}。", "鍵セレモニーの記録と照合し、もう一度入力してください。"),
    ),
    text(
        Code::KEY_UNKNOWN,
        &["key"],
        ("The keystore has no key {key}.", "Look at the list of keys, or import it."),
        ("鍵ストアに鍵 {key} はありません。", "鍵の一覧を確認するか、鍵を取り込んでください。"),
    ),
    text(
        Code::PRODUCT_UNKNOWN,
        &["product"],
        ("There is no card product {product} here.", "Import its file first."),
        ("カード製品 {product} は登録されていません。", "先にその製品ファイルを取り込んでください。"),
    ),
    text(
        Code::STOCK_FILE_REFUSED,
        &["row", "column", "reason"],
        (
            "The shipment file is wrong in row {row}, column {column}: {reason}. Nothing of it was imported.",
            "Compare it with the maker's delivery note, then import the whole file.",
        ),
        (
            "納品ファイルの {row} 行目、列 {column} に誤りがあります: {reason}。何も取り込んでいません。",
            "製造元の納品書と照合し、ファイル全体を取り込み直してください。",
        ),
    ),
    text(
        Code::KEYSTORE_BUSY,
        &[],
        (
            "Another program has been changing the keystore for seconds; no key was changed.",
            "Try again; if it stays so, look for a program of the center that hangs, and end it.",
        ),
        (
            "別のプログラムが数秒以上、鍵ストアを変更中です。鍵は変更していません。",
            "もう一度試してください。続く場合は、応答しないセンターのプログラムを探して終了してください。",
        ),
    ),
    text(
        Code::CENTER_EXISTS,
        &["path"],
        ("There is a center in {path} already.", "Name another directory with --state."),
        ("{path} には既にセンターがあります。", "--state で別のディレクトリを指定してください。"),
    ),
    text(
        Code::CENTER_MISSING,
        &["path"],
        (
            "There is no center in {path}.",
            "Set one up with cardwright-center init, or name its directory with --state.",
        ),
        (
            "{path} にセンターがありません。",
            "cardwright-center init で作成するか、--state でディレクトリを指定してください。",
        ),
    ),
    text(
        Code::CHANGED_MEANWHILE,
        &[],
        ("Somebody else changed this at the same time; nothing was written.", "Look at how it stands, then try again."),
        ("同時に他の人が変更したため、何も書き込んでいません。", "現在の状態を確認してから再試行してください。"),
    ),
    text(
        Code::CARD_NOT_FOUND,
        &["card"],
        ("There is no card {card} here.", "Give its id, its KDD in hexadecimal, or the reference of its order."),
        ("カード {card} は登録されていません。", "ID、16 進の KDD、または注文の参照番号を指定してください。"),
    ),
    text(
        Code::NAME_REFUSED,
        &["name"],
        (
            "{name} cannot be a name here.",
            "Use 1 to 64 letters, digits, hyphens, underscores and points, with spaces only inside.",
        ),
        (
            "{name} は名前として使えません。",
            "1〜64 文字の文字・数字・ハイフン・下線・ピリオドを使い、空白は途中にだけ入れてください。",
        ),
    ),
    text(
        Code::SECRET_REFUSED,
        &[],
        ("The secret is too short.", "Take one of 8 characters at least."),
        ("秘密情報が短すぎます。", "8 文字以上にしてください。"),
    ),
    text(
        Code::READER_REFUSED,
        &["reader", "reason"],
        ("The reader {reader} is not entered: {reason}.", "Compare tier, slots and key with the reader's papers."),
        ("リーダー {reader} は登録されません: {reason}。", "階層、スロット、鍵をリーダーの記録と照合してください。"),
    ),
    text(
        Code::POOL_EMPTY,
        &["size"],
        (
            "No key of {size} is left in the pool of cards' keys; nothing was prepared.",
            "Make some with cardwright-center pool fill, or wait until the running center has, then try again.",
        ),
        (
            "カード鍵プールに {size} の鍵が残っていません。何も準備していません。",
            "cardwright-center pool fill で作成するか、稼働中のセンターが補充するのを待ってから再試行してください。",
        ),
    ),
    text(
        Code::RANGE_EXHAUSTED,
        &["range"],
        (
            "Every card number of the range {range} is taken; nothing was prepared.",
            "Give the profile another range, import it under a higher version, then approve the orders again.",
        ),
        (
            "範囲 {range} のカード番号はすべて使用済みです。何も準備していません。",
            "プロファイルに別の範囲を設定し、新しいバージョンで取り込んでから再度承認してください。",
        ),
    ),
    text(
        Code::CERTIFICATE_REFUSED,
        &["element", "rule", "remedy"],
        ("{element} cannot be used: {rule}.", "{remedy}."),
        ("{element} は使用できません: {rule}。", "対処: {remedy}。"),
    ),
    text(
        Code::ISSUER_UNKNOWN,
        &["issuer"],
        (
            "There is no certified issuer key {issuer}.",
            "Look at cardwright-center issuer-ca list; make the key there and have it certified.",
        ),
        (
            "証明済みの発行者鍵 {issuer} はありません。",
            "cardwright-center issuer-ca list を確認し、鍵を作成して証明を受けてください。",
        ),
    ),
    text(
        Code::AUTHORITY_UNKNOWN,
        &["authority"],
        (
            "There is no certified authority {authority}.",
            "Look at cardwright-center piv-ca list; make it there, or import its certificate.",
        ),
        (
            "証明済みの認証局 {authority} はありません。",
            "cardwright-center piv-ca list を確認し、作成するか証明書を取り込んでください。",
        ),
    ),
    text(
        Code::PROGRAM_REFUSED,
        &["program", "reason"],
        (
            "The program {program} is not taken: {reason}.",
            "Have its maker correct the CAP file; cardwright-center program check says what a file holds.",
        ),
        (
            "プログラム {program} は受け付けられません: {reason}。",
            "作成者に CAP ファイルの修正を依頼してください。内容は cardwright-center program check で確認できます。",
        ),
    ),
    text(
        Code::PROGRAM_UNKNOWN,
        &["program"],
        (
            "There is no program {program}.",
            "Look at cardwright-center program list; import its CAP file and have another person approve it.",
        ),
        (
            "プログラム {program} はありません。",
            "cardwright-center program list を確認し、CAP ファイルを取り込んで別の担当者の承認を受けてください。",
        ),
    ),
    text(
        Code::PROGRAM_APPROVED,
        &["program"],
        (
            "The program {program} is approved already and stays as it is.",
            "Nothing needs doing; a changed program comes as a CAP file with a package AID and a name of its own.",
        ),
        (
            "プログラム {program} は承認済みで、変更できません。",
            "対応は不要です。変更したプログラムは、別のパッケージ AID と名前を持つ CAP ファイルとして取り込んでください。",
        ),
    ),
    text(
        Code::HOST_REFUSED,
        &["url", "reason"],
        (
            "The issuer's host cannot be told at {url}: {reason}.",
            "Give an address https://HOST/PATH, or http:// on this machine alone, and with --ca the host's certificates.",
        ),
        (
            "発行者ホスト {url} には通知できません: {reason}。",
            "https://HOST/PATH の形式（このマシン内に限り http:// も可）で指定し、必要なら --ca で証明書を指定してください。",
        ),
    ),
    text(
        Code::HOST_UNKNOWN,
        &[],
        ("No issuer's host is set.", "Set it: cardwright-center host set --url URL."),
        ("発行者ホストが設定されていません。", "cardwright-center host set --url URL で設定してください。"),
    ),
    text(
        Code::HOST_NOT_PRIVATE,
        &[],
        (
            "Card numbers are not sent over a connection that others can read.",
            "Let the API listen on loopback, and put a proxy that speaks TLS before it.",
        ),
        (
            "第三者が読み取れる接続ではカード番号を送信しません。",
            "API をループバックで待ち受け、前段に TLS を終端するプロキシを置いてください。",
        ),
    ),
];
