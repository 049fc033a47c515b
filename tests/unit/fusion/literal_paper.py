"""Equations 1 to 11 of arXiv 2309.07925, written from the paper with plain loops over floats.

Nothing of the package is imported here, and no array library: vectors are lists of floats.
"""

import math

Vector = list[float]
Matrix = list[list[float]]


def softmax(values: Vector) -> Vector:
    exponentials = []
    for value in values:
        exponentials.append(math.exp(value - max(values)))
    return [one / sum(exponentials) for one in exponentials]


def linear(values: Vector, weight: Matrix, bias: Vector) -> Vector:
    """Return x W + b with W in R^{inputs x outputs}, as the paper writes it."""
    result = []
    for column in range(len(bias)):
        total = bias[column]
        for row in range(len(values)):
            total += values[row] * weight[row][column]
        result.append(total)
    return result


def align(feature: Vector, weight: Matrix, bias: Vector) -> Vector:
    """DA-Mat: linear and ReLU."""
    return [max(0.0, value) for value in linear(feature, weight, bias)]


def afg(states: list[Vector], weight: Matrix, bias: Vector, flattened: bool = False) -> Vector:
    """Eqs. 1 to 3 for one sample; h has D rows and N columns."""
    count, width = len(states), len(states[0])
    h = [[states[n][d] for n in range(count)] for d in range(width)]
    scores = []
    for n in range(count):
        score = bias[n]
        if flattened:
            for m in range(count):
                for d in range(width):
                    score += h[d][m] * weight[m * width + d][n]
        else:
            for d in range(width):
                score += h[d][n] * weight[d][0]
        scores.append(score)
    alpha = softmax(scores)
    fused = []
    for d in range(width):
        total = 0.0
        for n in range(count):
            total += h[d][n] * alpha[n]
        fused.append(total)
    return fused


def strategy(number, audio, visual, parameters, flattened=False):
    """The three structures of section 2.1.

    ``parameters``: for 1 and 3 a dict with ``outer`` (and ``inner``) pairs (W, b), for 2 ``inner``
    is a list with one pair for each acoustic state.
    """
    if number == 1:
        return afg([*audio, *visual], *parameters["outer"], flattened)
    if number == 2:
        joint = []
        for i in range(len(audio)):
            joint.append(afg([audio[i], *visual], *parameters["inner"][i], flattened))
        return afg(joint, *parameters["outer"], flattened)
    unified = afg(audio, *parameters["inner"], flattened)
    return afg([unified, *visual], *parameters["outer"], flattened)


def jdev(hidden, w_e, b_e, w_v, b_v, w_ev, b_ev, w_vv, b_vv, branch_input="probabilities"):
    """Eqs. 5 to 8; returns (logits, probabilities, valence)."""
    logits = linear(hidden, w_e, b_e)
    probabilities = softmax(logits)
    direct = linear(hidden, w_v, b_v)[0]
    decided = probabilities if branch_input == "probabilities" else logits
    by_emotion = math.tanh(linear(decided, w_ev, b_ev)[0])
    valence = linear([direct, by_emotion], w_vv, b_vv)[0]
    return logits, probabilities, valence


def cross_entropy(logits: list[Vector], classes: list[int]) -> float:
    total = 0.0
    for row, true in zip(logits, classes, strict=True):
        total -= math.log(softmax(row)[true])
    return total / len(classes)


def mean_squared_error(predicted: Vector, true: Vector) -> float:
    total = 0.0
    for one, other in zip(predicted, true, strict=True):
        total += (one - other) ** 2
    return total / len(true)


def uncertainty_loss(l_e, l_v, delta_1, delta_2):
    """Eq. 9."""
    return (
        1 / delta_1**2 * l_e
        + 1 / (2 * delta_2**2) * l_v
        + math.log(1 + delta_1)
        + math.log(1 + delta_2)
    )


def kendall_loss(l_e, l_v, sigma_1, sigma_2):
    return l_e / sigma_1**2 + l_v / (2 * sigma_2**2) + math.log(sigma_1) + math.log(sigma_2)


def liebel_loss(l_e, l_v, sigma_1, sigma_2):
    total = 0.0
    for loss, sigma in ((l_e, sigma_1), (l_v, sigma_2)):
        total += loss / (2 * sigma**2) + math.log(1 + sigma**2)
    return total


def fuse_decisions(k: Vector, outputs: list[Vector]) -> Vector:
    """Eqs. 10 and 11 for one clip: ``outputs`` has one vector a system."""
    fused = []
    for column in range(len(outputs[0])):
        total = 0.0
        for weight, output in zip(k, outputs, strict=True):
            total += weight * output[column]
        fused.append(total)
    return fused


def weighted_f1(true: list[int], predicted: list[int], classes: int) -> float:
    total = 0.0
    for c in range(classes):
        hits = sum(1 for t, p in zip(true, predicted, strict=True) if t == c and p == c)
        said = sum(1 for p in predicted if p == c)
        support = sum(1 for t in true if t == c)
        precision = hits / said if said else 0.0
        recall = hits / support if support else 0.0
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        total += f1 * support / len(true)
    return total


def best_weights(grid, members, true, valence, classes):
    """Search the simplex: best Com (weighted F1 without valence), ties as the design says."""
    best, chosen = None, None
    for k in grid:
        predicted, errors = [], []
        for clip in range(len(true)):
            fused = fuse_decisions(k, [member[clip] for member in members])
            probabilities = fused[:classes]
            predicted.append(probabilities.index(max(probabilities)))
            if valence is not None:
                errors.append((fused[classes] - valence[clip]) ** 2)
        com = weighted_f1(true, predicted, classes)
        if valence is not None:
            com -= 0.25 * sum(errors) / len(errors)
        distance = sum((one - 1 / len(k)) ** 2 for one in k)
        rank = (-round(com, 10), round(distance, 10), tuple(k))
        if best is None or rank < best:
            best, chosen = rank, k
    return chosen
