"""Where pods may run and how they resolve names (spec/lint.md §5.3, rows 52, 53, 61, 62)."""

from __future__ import annotations

import ipaddress

from kubectl_rollouts.rollout.validation import names
from kubectl_rollouts.rollout.validation.access import Mapping, at, integer, mapping, mappings, present, sequence, text
from kubectl_rollouts.rollout.validation.fields import (
    FieldError,
    duplicate,
    forbidden,
    invalid,
    required,
    unsupported,
)
from kubectl_rollouts.rollout.validation.selectors import selector_errors

_DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_EMPTY = "can not be empty"


def label_key_errors(key: str, path: str) -> list[FieldError]:
    """The errors of a label's key."""
    return [invalid(path, key, message) for message in names.qualified_name(key)]


# --- Names and addresses -------------------------------------------------------------------------------------------


def dns_policy_errors(spec: Mapping, path: str) -> list[FieldError]:
    """The errors of `dnsPolicy`."""
    policy = text(spec, "dnsPolicy") or "ClusterFirst"
    return [] if policy in _DNS_POLICIES else [unsupported(path, policy, _DNS_POLICIES)]


def dns_config_errors(spec: Mapping, path: str) -> list[FieldError]:
    """The errors of `dnsConfig`."""
    errors = []
    config = mapping(spec, "dnsConfig")
    if text(spec, "dnsPolicy") == "None":
        if not present(spec, "dnsConfig"):
            return [required(path, "must provide `dnsConfig` when `dnsPolicy` is None")]
        if not sequence(config, "nameservers"):
            message = "must provide at least one DNS nameserver when `dnsPolicy` is None"
            return [required(f"{path}.nameservers", message)]
    servers, searches = sequence(config, "nameservers"), sequence(config, "searches")
    if len(servers) > 3:
        errors.append(invalid(f"{path}.nameservers", servers, "must not have more than 3 nameservers"))
    for index, server in enumerate(servers):
        errors += _address_errors(str(server), f"{path}.nameservers[{index}]")
    if len(searches) > 32:
        errors.append(invalid(f"{path}.searches", searches, "must not have more than 32 search paths"))
    for index, search in enumerate(searches):
        domain = str(search).removesuffix(".")
        where = f"{path}.searches[{index}]"
        errors += [invalid(where, domain, message) for message in names.dns_subdomain(domain)]
    for index, option in enumerate(mappings(config, "options")):
        if not text(option, "name"):
            errors.append(required(f"{path}.options[{index}]", "must not be empty"))
    return errors


def _address_errors(address: str, path: str) -> list[FieldError]:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        message = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
        return [invalid(path, address, message)]
    return []


def host_alias_errors(aliases: list[Mapping], path: str) -> list[FieldError]:
    """The errors of `hostAliases`."""
    errors = []
    for index, alias in enumerate(aliases):
        errors += _address_errors(text(alias, "ip"), f"{path}[{index}].ip")
        for host in sequence(alias, "hostnames"):
            where = f"{path}[{index}].hostnames"
            errors += [invalid(where, str(host), message) for message in names.dns_subdomain(str(host))]
    return errors


# --- Tolerations, gates, spreading ---------------------------------------------------------------------------------


def toleration_errors(tolerations: list[Mapping], path: str) -> list[FieldError]:
    """The errors of `tolerations`."""
    errors: list[FieldError] = []
    for index, toleration in enumerate(tolerations):
        errors += _toleration_errors(toleration, f"{path}[{index}]")
    return errors


def _toleration_errors(toleration: Mapping, path: str) -> list[FieldError]:
    key, operator = text(toleration, "key"), text(toleration, "operator")
    value, effect = text(toleration, "value"), text(toleration, "effect")
    errors = label_key_errors(key, f"{path}.key") if key else []
    if not key and operator != "Exists":
        message = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        errors.append(invalid(f"{path}.operator", operator, message))
    if integer(toleration, "tolerationSeconds") is not None and effect != "NoExecute":
        message = "effect must be 'NoExecute' when `tolerationSeconds` is set"
        errors.append(invalid(f"{path}.effect", effect, message))
    if operator in ("Equal", ""):
        if wrong := names.label_value(value):
            errors.append(invalid(f"{path}.operator", value, ";".join(wrong)))
    elif operator == "Exists":
        if value:
            # the reference prints its internal type, whose keys are Go's field names
            shown = {
                "Key": key,
                "Operator": operator,
                "Value": value,
                "Effect": effect,
                "TolerationSeconds": integer(toleration, "tolerationSeconds"),
            }
            errors.append(invalid(f"{path}.operator", shown, "value must be empty when `operator` is 'Exists'"))
    else:
        errors.append(unsupported(f"{path}.operator", operator, ["Equal", "Exists"]))
    if effect and effect not in _EFFECTS:
        errors.append(unsupported(f"{path}.effect", effect, _EFFECTS))
    return errors


def gate_errors(spec: Mapping, path: str) -> list[FieldError]:
    """The errors of `readinessGates`, then of `schedulingGates`."""
    errors = []
    for index, gate in enumerate(mappings(spec, "readinessGates")):
        kind = text(gate, "conditionType")
        errors += label_key_errors(kind, f"{path}.readinessGates[{index}].conditionType")
    seen = set()
    for index, gate in enumerate(mappings(spec, "schedulingGates")):
        name, where = text(gate, "name"), f"{path}.schedulingGates[{index}]"
        errors += label_key_errors(name, where)
        if name in seen:
            errors.append(duplicate(where, name))
        seen.add(name)
    return errors


def topology_errors(constraints: list[Mapping], path: str) -> list[FieldError]:
    """The errors of `topologySpreadConstraints`."""
    errors = []
    kinds = [(text(item, "topologyKey"), text(item, "whenUnsatisfiable")) for item in constraints]
    for index, constraint in enumerate(constraints):
        where = f"{path}[{index}]"
        skew = integer(constraint, "maxSkew") or 0
        if skew <= 0:
            errors.append(invalid(f"{where}.maxSkew", skew, "must be greater than zero"))
        key, action = kinds[index]
        errors += _topology_key_errors(key, f"{where}.topologyKey")
        if action not in ("DoNotSchedule", "ScheduleAnyway"):
            known = ["DoNotSchedule", "ScheduleAnyway"]
            errors.append(unsupported(f"{where}.whenUnsatisfiable", action, known))
        if (key, action) in kinds[index + 1 :]:
            errors.append(duplicate(f"{where}.{{topologyKey, whenUnsatisfiable}}", f"{{{key}, {action}}}"))
        domains = integer(constraint, "minDomains")
        if domains is not None and domains <= 0:
            errors.append(invalid(f"{where}.minDomains", domains, "must be greater than zero"))
        if domains is not None and action != "DoNotSchedule":
            message = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
            errors.append(invalid(f"{where}.minDomains", domains, message))
        for policy in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            value = text(constraint, policy)
            if value not in ("", "Ignore", "Honor"):
                errors.append(unsupported(f"{where}.{policy}", value, ["Honor", "Ignore"]))
        errors += selector_errors(constraint.get("labelSelector"), f"{where}.labelSelector")
    return errors


def _topology_key_errors(key: str, path: str) -> list[FieldError]:
    if not key:
        return [required(path, _EMPTY)]
    return label_key_errors(key, path)


# --- Affinity ------------------------------------------------------------------------------------------------------


def affinity_errors(affinity: Mapping, path: str) -> list[FieldError]:
    """The errors of `affinity`."""
    errors = _node_affinity_errors(mapping(affinity, "nodeAffinity"), f"{path}.nodeAffinity")
    for name in ("podAffinity", "podAntiAffinity"):
        rules, where = mapping(affinity, name), f"{path}.{name}"
        for index, term in enumerate(mappings(rules, _REQUIRED)):
            errors += _pod_term_errors(term, f"{where}.{_REQUIRED}[{index}]")
        for index, weighted in enumerate(mappings(rules, _PREFERRED)):
            place = f"{where}.{_PREFERRED}[{index}]"
            errors += _weight_errors(weighted, place)
            errors += _pod_term_errors(mapping(weighted, "podAffinityTerm"), f"{place}.podAffinityTerm")
    return errors


def _weight_errors(term: Mapping, path: str) -> list[FieldError]:
    weight = integer(term, "weight") or 0
    return [] if 1 <= weight <= 100 else [invalid(f"{path}.weight", weight, "must be in the range 1-100")]


def _node_affinity_errors(rules: Mapping, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    if present(rules, _REQUIRED):
        terms, where = mappings(rules, _REQUIRED, "nodeSelectorTerms"), f"{path}.{_REQUIRED}.nodeSelectorTerms"
        if not terms:
            errors.append(required(where, "must have at least one node selector term"))
        for index, term in enumerate(terms):
            errors += _node_term_errors(term, f"{where}[{index}]")
    for index, preference in enumerate(mappings(rules, _PREFERRED)):
        place = f"{path}.{_PREFERRED}[{index}]"
        errors += _weight_errors(preference, place)
        errors += _node_term_errors(mapping(preference, "preference"), f"{place}.preference")
    return errors


def _node_term_errors(term: Mapping, path: str) -> list[FieldError]:
    errors = []
    for index, requirement in enumerate(mappings(term, "matchExpressions")):
        errors += _node_requirement_errors(requirement, f"{path}.matchExpressions[{index}]")
    for index, requirement in enumerate(mappings(term, "matchFields")):
        where, key = f"{path}.matchFields[{index}]", text(requirement, "key")
        operator, values = text(requirement, "operator"), sequence(requirement, "values")
        if operator not in ("In", "NotIn"):
            errors.append(invalid(f"{where}.operator", operator, "not a valid selector operator"))
        elif len(values) != 1:
            message = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
            errors.append(required(f"{where}.values", message))
        if key != "metadata.name":
            errors.append(invalid(f"{where}.key", key, "not a valid field selector key"))
    return errors


def _node_requirement_errors(requirement: Mapping, path: str) -> list[FieldError]:
    errors = []
    operator, values = text(requirement, "operator"), sequence(requirement, "values")
    if operator in ("In", "NotIn"):
        if not values:
            errors.append(required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            message = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            errors.append(forbidden(f"{path}.values", message))
    elif operator in ("Gt", "Lt"):
        if len(values) != 1:
            message = "must be specified single value when `operator` is 'Lt' or 'Gt'"
            errors.append(required(f"{path}.values", message))
    else:
        errors.append(invalid(f"{path}.operator", operator, "not a valid selector operator"))
    errors += label_key_errors(text(requirement, "key"), f"{path}.key")
    for index, value in enumerate(values):
        where = f"{path}.values[{index}]"
        errors += [invalid(where, str(value), message) for message in names.label_value(str(value))]
    return errors


def _pod_term_errors(term: Mapping, path: str) -> list[FieldError]:
    errors = selector_errors(at(term, "labelSelector"), f"{path}.labelSelector")
    errors += selector_errors(at(term, "namespaceSelector"), f"{path}.namespaceSelector")
    for namespace in sequence(term, "namespaces"):
        where = f"{path}.namespace"
        errors += [invalid(where, str(namespace), message) for message in names.dns_label(str(namespace))]
    key = text(term, "topologyKey")
    if not key:
        errors.append(required(f"{path}.topologyKey", _EMPTY))
    return errors + label_key_errors(key, f"{path}.topologyKey")
