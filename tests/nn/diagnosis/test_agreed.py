from nn.diagnosis.agreed import ELSEWHERE, agreed, paths_of
from nn.diagnosis.report import Diagnosis, Finding, Verdict


def finding(name, where="x"):
    return Finding(name, "", where, "", "", "", "")


def named(*names):
    return Diagnosis("named", tuple(map(finding, names)), parameters=(Verdict("x", "named", 1.0, 1.0),))


RIGHT = Diagnosis("right", parameters=(Verdict("x", "right", 0.0, 0.0),))


def test_right_everywhere_is_right():
    assert agreed([RIGHT, RIGHT]).ok


def test_names_that_differ_from_point_to_point_are_no_names():
    diagnosis = agreed([named("sign"), named("factor")])
    assert diagnosis.verdict == "unnamed" and diagnosis.names == []
    assert [row.verdict for row in diagnosis.parameters] == ["unnamed"]


def test_wrong_elsewhere_is_wrong():
    diagnosis = agreed([RIGHT, named("sign"), named("sign")])
    assert diagnosis.names == ["sign"] and diagnosis.remarks == (ELSEWHERE,)


def test_another_point_decides_between_two():
    two = Diagnosis("ambiguous", alternatives=((finding("sign"),), (finding("factor"),)))
    assert len(paths_of(two)) == 2
    assert agreed([two, named("factor")]).names == ["factor"]
    assert agreed([two, two]).verdict == "ambiguous"


def test_what_has_no_name_somewhere_has_none_but_what_is_common_stays():
    both = Diagnosis("named", (finding("sign"), finding("factor", "w")))
    half = Diagnosis("unnamed", (finding("sign"),))
    assert agreed([both, half]).names == ["sign"]
    assert agreed([both, half]).verdict == "unnamed"


def test_of_all_at_once_is_of_each():
    at_once = Diagnosis("named", (finding("sign", "x, w"),))
    one_by_one = Diagnosis("named", (finding("sign"), finding("sign", "w")))
    assert agreed([one_by_one, at_once]).names == ["sign", "sign"]
    assert agreed([at_once, Diagnosis("named", (finding("sign"),))]).verdict == "unnamed"
