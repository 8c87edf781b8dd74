# SPDX-License-Identifier: Apache-2.0
"""The table of settings, from deploy/env.example (name, default, meaning) and the initializers that read them
(values, programs). `Scripts/generate settings` writes it."""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# A program reads what the structs read that these files mention as `X(reading: …)`, and what they read themselves.
PROGRAMS = {
    "auth-signals": ["Sources/auth-signals"],
    "auth-consumer": ["Sources/auth-consumer", "Sources/AuthWorker/WorkerSettings.swift"],
}
DJANGO = {
    "SECRET_KEY", "SECRET_KEY_FALLBACKS", "CSRF_TRUSTED_ORIGINS", "CSRF_COOKIE_NAME", "SESSION_COOKIE_AGE",
    "PASSWORD_RESET_TIMEOUT", "LANGUAGE_CODE", "LANGUAGES",
}
ALLAUTH = ("ACCOUNT_", "SOCIALACCOUNT_", "ALLAUTH_", "HEADLESS_")
OWN = {"ACCOUNT_SIGNUP_OPEN", "SOCIALACCOUNT_DUMMY"}
USUAL = {"SSL_CERT_FILE", "HTTPS_PROXY", "NO_PROXY"}
LEVELS = "trace, debug, info, notice, warning, error or critical"
NAME = r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*"


class Setting:
    def __init__(self, name, value, is_example, meaning):
        self.name, self.value, self.is_example, self.meaning = name, value, is_example, meaning


def documented():
    """The sections of deploy/env.example: title, paragraphs, settings."""
    sections, comment, last = [], [], None
    for line in (ROOT / "deploy/env.example").read_text(encoding="utf-8").splitlines():
        if title := re.fullmatch(r"# ---- (.*)", line):
            sections.append((title[1], [], []))
            comment, last = [], None
        elif setting := re.fullmatch(rf"(#?)({NAME})=(.*)", line):
            meaning = " ".join(comment) if comment else f"see `{last}`"
            last = setting[2] if comment else last
            sections[-1][2].append(Setting(setting[2], setting[3], not setting[1], meaning))
            comment = []
        elif line.startswith("# "):
            comment.append(line[2:].strip())
        else:
            if comment and sections:
                sections[-1][1].append(" ".join(comment))
            comment = []
    return sections


def sources():
    """The text of every Swift file by its path, without comments."""
    return {
        path.relative_to(ROOT).as_posix(): re.sub(r"^\s*//.*$", "", path.read_text(encoding="utf-8"), flags=re.M)
        for path in sorted((ROOT / "Sources").rglob("*.swift"))
    }


def names_in(text):
    """The names of settings that a file reads."""
    text = re.sub(r"\bfault\(\s*\"[^\"]*\"", "fault(", text)
    # Those of other programs, which only must not count as unknown.
    text = re.sub(r"_ = \[[^\]]*\]\.map \{ reader\.string\(\$0\) \}", "", text)
    # The exporter's names have a common prefix: `Self.name("TIMEOUT", &reader)`.
    exporter = rf"\bSelf\.name\(\s*\"({NAME})\""
    names = {"OTEL_EXPORTER_OTLP_" + name for name in re.findall(exporter, text)}
    text = re.sub(exporter, "", text)
    names |= set(re.findall(rf"\.(?!webhook\b)\w+\(\s*\"({NAME})\"", text))
    names |= set(re.findall(rf"\b\w+\(\s*\"({NAME})\",\s*&\w+\)", text))
    names |= set(re.findall(rf"static let \w+ = \"({NAME})\"", text))
    names |= set(re.findall(rf"(?<!static )\blet name = \"({NAME})\"", text))
    for prefix in re.findall(rf"\.webhook\(\"({NAME})\"", text):
        names |= {prefix + "_URL", prefix + "_SECRET"}
    # OTEL_EXPORTER_OTLP_TIMEOUT is read as TIMEOUT, since a longer name, for traces only, has precedence.
    if prefixes := re.findall(r"\"([A-Z_]+_)\" \+ suffix", text):
        words = {name for name in names if "_" not in name}
        names = names - words | {min(prefixes, key=len) + word for word in words}
    return names


def helpers(files):
    """The settings that functions in extensions of `SettingsReader` read, by the functions' names."""
    text = "".join(text for text in files.values() if "extension SettingsReader" in text)
    pattern = rf"func (\w+)\([^)]*\)[^{{]*\{{\s*value\(\"({NAME})\""
    return dict(re.findall(pattern, text))


def read_by(files):
    """The programs that read a setting, by its name."""
    readers = {}
    for path, text in files.items():
        if "inout SettingsReader" in text:
            for name in re.findall(r"\b(?:extension|struct|enum|class) ([A-Z]\w*)", text):
                readers.setdefault(name, set()).add(path)
    found, folders = {}, {}
    for program, roots in PROGRAMS.items():
        waiting = [path for path in files for root in roots if path == root or path.startswith(root + "/")]
        seen = set(waiting)
        while waiting:
            text = files[waiting.pop()]
            if "inout SettingsReader" in text:
                # What it reads by a function of its own in an extension of the reader.
                for function, name in helpers(files).items():
                    if f"reader.{function}(" in text:
                        found.setdefault(name, set()).add(program)
            for name in names_in(text):
                found.setdefault(name, set()).add(program)
            for struct in re.findall(r"\b([A-Z]\w*)\(\s*reading: &", text):
                new = readers.get(struct, set()) - seen
                seen |= new
                waiting += new
        folders[program] = {path.rpartition("/")[0] for path in seen}
    # A helper of a struct's initializer, in another file of its folder.
    for path, text in files.items():
        if "extension SettingsReader" in text:
            for name in re.findall(rf"\bvalue\(\"({NAME})\"", text):
                found.setdefault(name, set()).update(p for p in PROGRAMS if path.rpartition("/")[0] in folders[p])
    return found


def number(text, files):
    text = text.strip().replace("_", "")
    if re.fullmatch(r"[0-9]+", text):
        return int(text)
    if shift := re.fullmatch(r"([0-9]+) << ([0-9]+)", text):
        return int(shift[1]) << int(shift[2])
    constants = {"Password.longest": "Sources/AuthFlows/Secrets/Secret.swift"}
    if path := constants.get(text):
        return number(re.search(r"static let longest = ([0-9_]+)", files[path])[1], files)
    if text == "Self.leastInFlightBytes":
        body = re.search(r"let largestBody = ([0-9_ <]+)", files["Sources/AuthSignals/Seams/SignalSource.swift"])
        return number(body[1], files)
    raise SystemExit(f"Scripts/settings.py does not know the number {text}")


def span(low, high, files):
    return f"{number(low, files)} to {number(high, files)}"


def values_of(name, files):
    """Which values a setting can have, from the call that reads it."""
    for text in files.values():
        call = re.search(rf"\b(\w+)\(\s*\"{name}\"(.{{0,800}})", text, re.S)
        if not call or call[1] in ("fault", "webhook"):
            continue
        method, rest = call[1], call[2]
        range_ = re.match(r"[^\"]*?\bin: (.+?)\.\.\.([^)\n]+?)\)", rest, re.S)
        form = re.match(r",\s*default:(?:[^,\"]+|\s*\"\"),\s*\"([^\"\\]+)\"", rest, re.S)
        if method == "value" and form:
            return form[1]
        if method in ("bool", "choiceOfBool"):
            return "true or false"
        if method == "int" and range_:
            return span(range_[1], range_[2], files)
        if method == "seconds":
            return "seconds, " + (span(range_[1], range_[2], files) if range_ else "0 to 315360000")
        if method == "interval":
            least = re.match(r"[^\"\n]*from: ([0-9]+)", rest)
            return f"seconds, {least[1] if least else 1} to 315360000"
        if method == "attempts":
            return "1 to 100"
        if method == "times":
            return "true, false or 0 to 100"
        if method == "list":
            return "a list, separated by commas"
        if method == "host":
            return "an address or a name"
        if method == "page":
            return "an http or https URL" + (" with {key}" if "hasKey: true" in rest[:40] else "")
        if method == "choice":
            return choices(rest, files)
    if name.endswith("_URL") and any(f'webhook("{name[:-4]}")' in text for text in files.values()):
        return "an https URL; http for this machine only"
    if name.endswith("_SECRET") and any(f'webhook("{name[:-7]}")' in text for text in files.values()):
        return "whsec_ and base64"
    return "text"


def choices(rest, files):
    if "Logger.Level.allCases" in rest[:200]:
        return LEVELS
    if literal := re.match(r"[^\[\"]*\[([^\]]+)\]", rest):
        return " or ".join(re.findall(r"\"([\w/]+)\":", literal[1]))
    kind = re.search(r"uniqueKeysWithValues: (\w+)\.allCases", rest)[1]
    for text in files.values():
        if body := re.search(rf"enum {kind}: String[^{{]*\{{\s*case ([^}}]+)\}}", text):
            cases = [re.sub(r".*\"(.*)\"", r"\1", case.strip()) for case in body[1].split(",")]
            return ", ".join(cases[:-1]) + " or " + cases[-1]
    raise SystemExit(f"Scripts/settings.py does not find the cases of {kind}")


def origin(name):
    if name in DJANGO:
        return "Django"
    if name.startswith(ALLAUTH) and name not in OWN:
        return "allauth"
    return "OpenTelemetry" if name.startswith("OTEL_") else "usual" if name in USUAL else "—"


def cell(text):
    """Escapes, outside code, what Markdown would take for the end of a cell or for an element."""
    parts = re.split(r"(`[^`]*`)", text.replace("|", "\\|"))
    return "".join(part if part.startswith("`") else part.replace("<", "\\<") for part in parts)


def default(setting):
    if not setting.value:
        return "—"
    # Values of hosts that do not exist, and those without a #, are examples.
    is_example = setting.is_example or re.search(r"example\.org|-password@", setting.value)
    return ("— (such as `%s`)" if is_example else "`%s`") % setting.value


def table():
    files = sources()
    programs = read_by(files)
    sections = documented()
    known = {setting.name for _, _, settings in sections for setting in settings}
    faults = [f"{name} is read but not in deploy/env.example" for name in sorted(programs.keys() - known)]
    faults += [f"{name} of deploy/env.example is read by no program" for name in sorted(known - programs.keys())]
    if faults:
        raise SystemExit("\n".join(faults))
    lines = []
    for title, paragraphs, settings in sections:
        lines += [f"### {title}", ""]
        for paragraph in paragraphs:
            lines += [paragraph, ""]
        if not settings:
            continue
        lines += ["| setting | default | values | read by | name from | meaning |", "| --- | --- | --- | --- | --- | --- |"]
        for setting in settings:
            # The size of a worker's deliveries is read with the broker's settings.
            readers = {"auth-consumer"} if setting.name.startswith("CONSUMER_") else programs[setting.name]
            cells = [
                f"`{setting.name}`", default(setting), values_of(setting.name, files),
                ", ".join(f"`{program}`" for program in sorted(readers)), origin(setting.name), setting.meaning,
            ]
            lines.append("| " + " | ".join(map(cell, cells)) + " |")
        lines.append("")
    return "\n".join(lines)
