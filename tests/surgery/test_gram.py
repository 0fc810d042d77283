"""Inner products over parameters of every kind."""

import pytest
import torch

from hf_mixtrain.surgery import combine_, gram_matrix


def reference(gradients):
    rows = torch.stack([torch.cat([t.to_dense().double().flatten() for t in g]) for g in gradients])
    return rows @ rows.T


def random_gradients(dtype, n=3):
    torch.manual_seed(0)
    return [[torch.randn(7, 5, dtype=dtype), torch.randn(11, dtype=dtype)] for _ in range(n)]


@pytest.mark.parametrize(
    ("dtype", "tolerance"),
    [(torch.float64, 1e-12), (torch.float32, 1e-6), (torch.bfloat16, 1e-6), (torch.float16, 1e-6)],
)
def test_equals_the_product_of_flat_vectors(dtype, tolerance):
    gradients = random_gradients(dtype)
    torch.testing.assert_close(gram_matrix(gradients), reference(gradients), rtol=tolerance, atol=tolerance)


def test_half_precision_is_summed_in_single_precision():
    ones = [torch.ones(70_000, dtype=torch.float16)]
    assert gram_matrix([ones, ones])[0, 1] == 70_000  # float16 ends at 65,504


def test_transposed_and_strided_gradients_count_like_others():
    gradients = [[g.t(), h[::2]] for g, h in random_gradients(torch.float32)]
    torch.testing.assert_close(gram_matrix(gradients), reference(gradients), rtol=1e-6, atol=1e-6)


def test_none_counts_as_zero():
    (a, b), (c, _) = random_gradients(torch.float64, n=2)
    expected = reference([[a, b], [c, torch.zeros_like(b)]])
    torch.testing.assert_close(gram_matrix([[a, b], [c, None]]), expected)


def test_nothing_at_all_is_zero():
    assert gram_matrix([[], []]).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def sparse_rows(rows, values):
    with torch.sparse.check_sparse_tensor_invariants(True):
        return torch.sparse_coo_tensor([rows], values, (7, 5))


@pytest.mark.parametrize("both", [False, True])
def test_sparse_rows_that_repeat_are_added_up(both):
    torch.manual_seed(0)
    sparse = sparse_rows([1, 4, 1], torch.randn(3, 5))
    other = sparse_rows([1, 2], torch.randn(2, 5)) if both else torch.randn(7, 5)
    torch.testing.assert_close(gram_matrix([[other], [sparse]]), reference([[other], [sparse]]), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("sparse", [False, True])
def test_combination_is_linear_and_in_place(sparse):
    torch.manual_seed(0)
    mixed, rows = [torch.randn(7, 5), torch.randn(3)], torch.randn(2, 5)
    oracle = [sparse_rows([2, 2], rows), None]
    expected = [0.5 * mixed[0] - 2 * oracle[0].to_dense(), 0.5 * mixed[1]]
    kept = list(mixed)
    combine_(mixed, [oracle if sparse else [oracle[0].to_dense(), None]], [0.5, -2.0])
    torch.testing.assert_close(mixed, expected)
    assert all(a is b for a, b in zip(mixed, kept, strict=True))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_many_small_and_some_large_tensors_are_as_exact_as_float64(dtype):
    torch.manual_seed(0)
    sizes = [3, 70, 1000] * 40 + [2**17, 2**17 + 1, 300_000] + [100_000] * 12  # joined, in portions, and alone
    gradients = [[torch.randn(size, dtype=dtype) + 0.1 for size in sizes] for _ in range(3)]
    found, expected = gram_matrix(gradients), reference(gradients)
    scale = expected.diagonal().sqrt()
    assert ((found - expected).abs() / torch.outer(scale, scale)).max() < 2e-6


def test_agreement_is_reached_on_the_products_before_the_host_reads_them():
    a, b = random_gradients(torch.float32, n=2)
    doubled = gram_matrix([a, b], agree=lambda products: 2 * products)
    torch.testing.assert_close(doubled, 2 * reference([a, b]), rtol=1e-6, atol=1e-6)


def test_the_host_waits_once():
    from torch.utils._python_dispatch import TorchDispatchMode

    class Reads(TorchDispatchMode):
        found = 0

        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            self.found += function is torch.ops.aten._local_scalar_dense.default
            return function(*args, **(kwargs or {}))

    with Reads() as reads:
        gram_matrix(random_gradients(torch.float32))
    assert reads.found == 0
