# SPDX-License-Identifier: Apache-2.0
# Draws a state machine of the C code, see states.sh. Reads the functions from their text and follows them from each entry
# with the set of states that the machine may be in: an `if` or a `switch` on the state narrows the set, enter() and an
# assignment of the state are edges from all of it. What else a condition asks is not known, so both ways are taken.
# Variables: raw, only pairs of states, a line each; prefix of the states; entries "FUNCTION FUNCTION:STATE,STATE FUNCTION:!STATE", each drawn by itself and not
# where others call it; gone, a function that ends the machine (state NONE); heads of the table. A row begins with the
# state's name; functions of its second and fourth member are its step and what its bound, the third, leads to.
function tokens_of(text,    t) {
  while (match(text, /[A-Za-z_][A-Za-z0-9_]*|[0-9][A-Za-z0-9_]*|"[^"]*"|->|==|!=|<=|>=|&&|\|\||[^ \t]/)) {
    T[++nt] = substr(text, RSTART, RLENGTH)
    text = substr(text, RSTART + RLENGTH)
  }
}
function opens(t) { return t == "(" || t == "{" || t == "[" }
function closes(t) { return t == ")" || t == "}" || t == "]" }
# Index of the bracket that closes the one at p.
function close_of(p,    d) {
  for (d = 0; p <= nt; p++) {
    if (opens(T[p])) d++
    else if (closes(T[p]) && --d == 0) return p
  }
  die("a bracket stays open")
}
function die(text) { print "states.awk: " text >"/dev/stderr"; failed = 1; exit 2 }
function is_state(t) { return index(t, prefix) == 1 && (substr(t, length(prefix) + 1) in rank) }
function short(t) { return substr(t, length(prefix) + 1) }

# Sets of states are strings: " A B ".
function has(S, x) { return index(S, " " x " ") > 0 }
function add(S, x) { return has(S, x) ? S : (S == "" ? " " : S) x " " }
function join(A, B,    part, n, i) {
  n = split(B, part, " ")
  for (i = 1; i <= n; i++) A = add(A, part[i])
  return A
}
function narrow(S, op, x, want,    part, n, i, r, s, R) {
  n = split(S, part, " ")
  for (i = 1; i <= n; i++) {
    s = rank[part[i]]
    r = s == rank[x]
    if (op == "!=") r = !r
    else if (op == "<") r = s < rank[x]
    else if (op == "<=") r = s <= rank[x]
    else if (op == ">") r = s > rank[x]
    else if (op == ">=") r = s >= rank[x]
    if (r == want) R = add(R, part[i])
  }
  return R
}

# What of S is left when the condition in T[a..b] is `want`.
function when(a, b, S, want,    p, d, from, op, R, rest) {
  while (T[a] == "(" && close_of(a) == b) { a++; b-- }
  for (p = a; p <= b; p++) if (T[p] == "?") return S
  op = ""
  for (p = a; p <= b; p++) {
    if (opens(T[p])) p = close_of(p)
    else if (T[p] == "||") { op = "||"; break }
    else if (T[p] == "&&") op = "&&"
  }
  if (op != "") {
    # one side after the other: of an AND that holds each holds, of one that fails one fails behind those that held
    from = a
    rest = S
    for (p = a; p <= b + 1; p++) {
      if (p <= b && opens(T[p])) { p = close_of(p); continue }
      if (p <= b && T[p] != op) continue
      if ((op == "&&") != want) R = join(R, when(from, p - 1, rest, want))
      rest = when(from, p - 1, rest, op == "&&")
      from = p + 1
    }
    return (op == "&&") == want ? rest : R
  }
  if (T[a] == "!") return when(a + 1, b, S, !want)
  if (is_state(T[b]) && T[b - 1] ~ /^([=!]=|[<>]=?)$/ &&
      (T[b - 2] == "state" || T[b - 2] == "was"))
    return narrow(S, T[b - 1], short(T[b]), want)
  # a function that only returns a condition
  if (T[a + 1] == "(" && close_of(a + 1) == b && (T[a] in body) && T[body[T[a]] + 1] == "return")
    return when(body[T[a]] + 2, close_of(body[T[a]]) - 2, S, want)
  return S
}

function edge(S, target,    part, n, i, pair) {
  n = split(S, part, " ")
  for (i = 1; i <= n; i++) {
    pair = part[i] " " target
    if (!(pair in label)) { label[pair] = event; pairs[++num_pairs] = pair }
    else if (index(", " label[pair] ",", ", " event ",") == 0) label[pair] = label[pair] ", " event
  }
  return target
}
function call(name, S,    R, was, out, next_one) {
  if (name in busy) die(name " calls itself")
  busy[name] = 1
  was = event
  if (++depth <= 2) event = name
  R = returned
  next_one = behind
  returned = ""
  out = statement(body[name], S)
  out = join(out, returned)
  returned = R
  behind = next_one
  depth--
  event = was
  delete busy[name]
  return out
}
# Each state's own function of the table.
function dispatch(member, S,    part, n, i, R, f, was) {
  n = split(S, part, " ")
  for (i = 1; i <= n; i++) {
    f = row[part[i], member]
    if (f == "") { R = add(R, part[i]); continue }
    if (member == "timeout") { was = event; event = "after " row[part[i], "bound"]; depth += 2 }
    R = join(R, call(f, " " part[i] " "))
    if (member == "timeout") { event = was; depth -= 2 }
  }
  return R
}
# An expression: its calls and assignments, in order.
function expression(a, b, S,    p, q, R, was) {
  for (p = a; p <= b && S != ""; p++) {
    if ((T[p] ~ /^(migrate_)?enter$/ && T[p + 1] == "(") || (T[p] == "->" && T[p + 1] == "state" && T[p + 2] == "=")) {
      R = ""
      for (q = p; q <= b && T[q] != ";"; q++) if (is_state(T[q])) R = add(R, edge(S, short(T[q])))
      if (R == "") continue
      S = R
      p = q
    } else if (T[p] == gone && T[p + 1] == "(") { was = event; event = gone; edge(S, "NONE"); event = was; return "" }
    else if (T[p] == "row" && T[p + 1] == "->" && T[p + 3] == "(") S = dispatch(T[p + 2], S)
    else if (T[p + 1] == "(" && (T[p] in body) && !(T[p] in is_entry)) S = call(T[p], S)
  }
  return S
}
function choose(p, S,    part, n, i, e, q, on_state, cur, out, seen, B) {
  e = close_of(p + 1)
  on_state = T[e - 1] == "state"
  B = broken
  broken = ""
  q = close_of(e + 1)
  cur = ""
  for (p = e + 2; p < q;) {
    if (T[p] == "case") {
      cur = join(cur, on_state ? narrow(S, "==", short(T[p + 1]), 1) : S)
      seen = add(seen, short(T[p + 1]))
      while (T[p] != ":") p++
      p++
    } else if (T[p] == "default") {
      out = S
      n = on_state ? split(seen, part, " ") : 0
      for (i = 1; i <= n; i++) out = narrow(out, "!=", part[i], 1)
      cur = join(cur, out)
      p += 2
    } else { cur = statement(p, cur); p = behind }
  }
  out = join(cur, broken)
  if (!on_state) out = join(out, S)
  broken = B
  behind = q + 1
  return out
}
# One statement at p that is come to in S; `behind` is the token after it. Returns in what states it is left.
function statement(p, S,    e, yes, no, B) {
  if (T[p] == "{") {
    e = close_of(p)
    for (p++; p < e; p = behind) S = statement(p, S)
    behind = e + 1
    return S
  }
  if (T[p] == "if") {
    e = close_of(p + 1)
    S = expression(p + 2, e - 1, S)
    yes = statement(e + 1, when(p + 2, e - 1, S, 1))
    no = when(p + 2, e - 1, S, 0)
    if (T[behind] == "else") no = statement(behind + 1, no)
    return join(yes, no)
  }
  if (T[p] == "switch") return choose(p, S)
  if (T[p] == "for" || T[p] == "while") {
    e = close_of(p + 1)
    B = broken
    broken = ""
    S = expression(p + 2, e - 1, S)
    S = join(S, statement(e + 1, S))
    S = join(S, broken)
    broken = B
    return S
  }
  # a label that a goto before it leads to
  if (T[p + 1] == ":" && T[p] ~ /^[a-z]/) { behind = p + 2; S = join(S, jumped[T[p]]); delete jumped[T[p]]; return S }
  for (e = p; T[e] != ";"; e++) if (opens(T[e])) e = close_of(e)
  behind = e + 1
  if (T[p] == "return") { returned = join(returned, expression(p + 1, e, S)); return "" }
  if (T[p] == "break" || T[p] == "continue") { broken = join(broken, S); return "" }
  if (T[p] == "goto") { jumped[T[p + 1]] = join(jumped[T[p + 1]], S); return "" }
  return expression(p, e, S)
}

# ---- reading ----
function functions(    p, e) {
  for (p = 1; p <= nt; p++) {
    if (opens(T[p]) && T[p] != "(") { p = close_of(p); continue }
    if (T[p] != "(" || p == 1 || T[p - 1] !~ /^[A-Za-z_]/) continue
    e = close_of(p)
    if (T[e + 1] == "{") body[T[p - 1]] = e + 1
    p = e
  }
}
function enums(    p, e) {
  for (p = 1; p <= nt; p++) {
    if (T[p] != "enum" || T[p + 2] != "{" || index(T[p + 3], prefix) != 1) continue
    e = close_of(p + 2)
    for (p += 3; p < e; p++)
      if (T[p] != "," && T[p] != prefix "STATE_COUNT") { rank[short(T[p])] = ++states; order[states] = short(T[p]) }
    return
  }
  die("no enum of " prefix "*")
}
function rows(    p, e, x, q, field) {
  for (p = 1; p <= nt; p++) {
    if (T[p] != "[" || !is_state(T[p + 1]) || T[p + 2] != "]" || T[p + 3] != "=" || T[p + 4] != "{") continue
    x = short(T[p + 1])
    e = close_of(p + 4)
    field = 1
    text[x, 1] = T[p + 5]
    gsub(/"/, "", text[x, 1])
    for (q = p + 6; q < e; q++) {
      if (T[q] == "," && T[q - 1] != "false") field++
      else if (T[q] != "," && T[q] != "(" && T[q] != ")") {
        text[x, field] = text[x, field] (text[x, field] == "" ? "" : " ") T[q]
      }
    }
    if (text[x, 2] in body) row[x, "step"] = text[x, 2]
    if (text[x, 4] in body) row[x, "timeout"] = text[x, 4]
    row[x, "bound"] = text[x, 3]
    sub(/.* /, "", row[x, "bound"])
    fields = field
    named++
  }
  if (named != states) die(named " rows for " states " states")
}
# The states that an entry may be called in: all, those named, or all but those.
function begins(spec,    part, n, i, S) {
  for (i = 1; i <= states; i++)
    if (spec == "" || (spec ~ /^!/ && index("," substr(spec, 2) ",", "," order[i] ",") == 0)) S = add(S, order[i])
  n = spec ~ /^!/ ? 0 : split(spec, part, ",")
  for (i = 1; i <= n; i++) {
    if (!(part[i] in rank) && part[i] != "[*]") die("no state " part[i])
    S = add(S, part[i])
  }
  return S
}
function follow(    entry, at, n, i) {
  n = split(entries, entry, " ")
  for (i = 1; i <= n; i++) { split(entry[i] ":", at, ":"); is_entry[at[1]] = 1 }
  for (i = 1; i <= n; i++) {
    split(entry[i] ":", at, ":")
    if (!(at[1] in body)) die("no function " at[1])
    depth = 0
    event = at[1]
    returned = ""
    call(at[1], begins(at[2]))
  }
}

# ---- writing ----
# What leads from five states or more to the same one is a sentence below the picture instead of as many arrows.
function from_many(    i, at, key, n, part, k) {
  for (i = 1; i <= num_pairs; i++) {
    split(pairs[i], at, " ")
    n = split(label[pairs[i]], part, ", ")
    for (k = 1; k <= n; k++) {
      key = at[2] " " part[k]
      if (!(key in sources)) keys[++num_keys] = key
      sources[key] = sources[key] (sources[key] == "" ? "" : "; ") text[at[1], 1]
      count[key]++
    }
  }
}
function wrapped(t,    word, n, i, line) {
  n = split(t, word, " ")
  line = word[1]
  for (i = 2; i <= n; i++) {
    if (length(line) + length(word[i]) > 115) { print line; line = " " }
    line = line " " word[i]
  }
  print line
}
function draw(    i, k, at, part, n, said) {
  print "```mermaid\nstateDiagram-v2"
  for (i = 1; i <= states; i++) printf "  state \"%s\" as %s\n", text[order[i], 1], order[i]
  for (i = 1; i <= num_pairs; i++) {
    split(pairs[i], at, " ")
    n = split(label[pairs[i]], part, ", ")
    said = ""
    for (k = 1; k <= n; k++) if (count[at[2] " " part[k]] < 5) said = said (said == "" ? "" : ", ") part[k]
    if (said != "") printf "  %s --> %s: %s\n", at[1], at[2], said
  }
  print "```\n"
  for (i = 1; i <= num_keys; i++) {
    if (count[keys[i]] < 5) continue
    split(keys[i], at, " ")
    wrapped("- `" substr(keys[i], length(at[1]) + 2) "` leads to **" text[at[1], 1] "** from: " sources[keys[i]])
  }
}
function cell(t) {
  if (t == "NULL" || t == "false 0") return "-"
  sub(/^CARD /, "card, ", t)
  sub(/^GUEST /, "guest, ", t)
  return t
}
function list(    i, k) {
  print "\n| state | " heads " |"
  printf "|---"
  for (k = 2; k <= fields; k++) printf "|---"
  print "|"
  for (i = 1; i <= states; i++) {
    printf "| %s", text[order[i], 1]
    for (k = 2; k <= fields; k++) printf " | %s", cell(text[order[i], k])
    print " |"
  }
}
/^[ \t]*#/ || continued { continued = /\\$/; next }
{
  sub(/\/\/.*$/, "")
  tokens_of($0)
}
END {
  if (failed) exit 2
  enums()
  functions()
  rows()
  follow()
  if (raw) {
    for (i = 1; i <= num_pairs; i++) print pairs[i]
    exit
  }
  from_many()
  draw()
  list()
}
