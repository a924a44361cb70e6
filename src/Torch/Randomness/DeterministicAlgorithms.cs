using Compat.Torch.Native;
using TorchSharp;

namespace Compat.Torch.Randomness;

/// <summary>Switches libtorch to algorithms that give the same bits at every run. It holds for the process.</summary>
/// <remarks>
/// <para>On one machine, with equal seeds and equally many threads, training on the CPU gives the same bits without it. It matters on a GPU, where sums are
/// added up in an order that changes; some operations are slower then, and those without such an algorithm are an error.</para>
/// <para>Source: PyTorch <c>torch.use_deterministic_algorithms</c> and <c>torch.backends.cudnn</c>, as MMEngine's <c>set_random_seed(deterministic=True)</c>
/// sets them.</para>
/// </remarks>
public static class DeterministicAlgorithms
{
    private const string Workspace = "CUBLAS_WORKSPACE_CONFIG";

    /// <summary>Gets whether the switch is on.</summary>
    /// <exception cref="PlatformNotSupportedException">This libtorch does not export the switch.</exception>
    public static bool IsEnabled => DeterminismSymbols.Algorithms;

    /// <summary>Turns the switch on or off: deterministic algorithms, deterministic cuDNN, and no trials of cuDNN for the fastest algorithm.</summary>
    /// <param name="enabled">Whether algorithms must be deterministic.</param>
    /// <param name="warnOnly">
    /// Whether an operation without such an algorithm prints a warning rather than being an error. The default is <see langword="false"/>.
    /// </param>
    /// <returns>What this call cannot switch on this machine, a sentence each with what to do; empty if there is nothing. Log it.</returns>
    /// <remarks>Turning it off does not turn cuDNN's trials on; they are off by default.</remarks>
    /// <exception cref="PlatformNotSupportedException">This libtorch does not export the switch.</exception>
    public static IReadOnlyList<string> Set(bool enabled, bool warnOnly = false)
    {
        DeterminismSymbols.SetAlgorithms(enabled, warnOnly);
        CuDnn.Deterministic = enabled;
        CuDnn.Benchmark &= !enabled;

        return enabled ? Left(torch.cuda.is_available(), Environment.GetEnvironmentVariable(Workspace)) : [];
    }

    /// <summary>Says what is left to do.</summary>
    /// <param name="hasCuda">Whether there is a GPU.</param>
    /// <param name="workspace">The value of cuBLAS's environment variable.</param>
    internal static IReadOnlyList<string> Left(bool hasCuda, string? workspace)
    {
        List<string> left = ["Sums on the CPU depend on the number of threads. Use the same torch.set_num_threads, or OMP_NUM_THREADS, in runs that are compared."];
        if (hasCuda && workspace is not (":4096:8" or ":16:8"))
        {
            left.Add(
                $"Matrix products on the GPU need {Workspace}=:4096:8 in the environment before the program starts; it is {workspace ?? "not set"}, and "
                + "libtorch makes them an error until it is.");
        }

        return left;
    }
}
