using System.Runtime.InteropServices;
using Compat.Torch.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Randomness;

public sealed class DeterministicAlgorithmsTests
{
    [Fact]
    public void An_operation_without_a_deterministic_algorithm_is_an_error_while_it_is_on()
    {
        using DisposeScope scope = NewDisposeScope();
        Action put = () => Put();
        try
        {
            DeterministicAlgorithms.Set(true);
            DeterministicAlgorithms.IsEnabled.Should().BeTrue();
            put.Should().Throw<ExternalException>().WithMessage("*does not have a deterministic implementation*");
        }
        finally
        {
            DeterministicAlgorithms.Set(false);
        }

        DeterministicAlgorithms.IsEnabled.Should().BeFalse();
        put.Should().NotThrow();
    }

    [Fact]
    public void With_warnings_only_it_goes_on()
    {
        using DisposeScope scope = NewDisposeScope();
        try
        {
            DeterministicAlgorithms.Set(true, warnOnly: true);
            Put()[0].item<float>().Should().Be(1);
        }
        finally
        {
            DeterministicAlgorithms.Set(false);
        }
    }

    [Fact]
    public void CuDNN_is_switched_too_and_its_trials_end()
    {
        try
        {
            CuDnn.Benchmark = true;
            CuDnn.Benchmark.Should().BeTrue();

            DeterministicAlgorithms.Set(true);
            (CuDnn.Deterministic, CuDnn.Benchmark).Should().Be((true, false));
        }
        finally
        {
            DeterministicAlgorithms.Set(false);
        }

        (CuDnn.Deterministic, CuDnn.Benchmark).Should().Be((false, false));
    }

    [Fact]
    public void What_it_cannot_switch_is_said()
    {
        IReadOnlyList<string> onCpu = DeterministicAlgorithms.Left(hasCuda: false, workspace: null);
        IReadOnlyList<string> onGpu = DeterministicAlgorithms.Left(hasCuda: true, workspace: null);
        IReadOnlyList<string> prepared = DeterministicAlgorithms.Left(hasCuda: true, workspace: ":4096:8");

        onCpu.Should().ContainSingle().Which.Should().Be(
            "Sums on the CPU depend on the number of threads. Use the same torch.set_num_threads, or OMP_NUM_THREADS, in runs that are compared.");
        onGpu.Should().HaveCount(2).And.Contain(
            "Matrix products on the GPU need CUBLAS_WORKSPACE_CONFIG=:4096:8 in the environment before the program starts; it is not set, and libtorch makes them an error until it is.");
        prepared.Should().Equal(onCpu);
        DeterministicAlgorithms.Set(false).Should().BeEmpty();
    }

    // An operation that has no deterministic algorithm on any device. TorchSharp does not bind it.
    private static Tensor Put()
    {
        using jit.CompilationUnit script = jit.compile("def put(x, i, v):\n    return torch.put(x, i, v)\n");
        return (Tensor)script.invoke("put", zeros(3), tensor(new long[] { 0 }), tensor(new[] { 1f }))!;
    }
}
