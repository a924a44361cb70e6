using Compat.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Randomness;

/// <summary>The one place that seeds torch's random generators.</summary>
/// <remarks>Source: <c>set_random_seed</c> of MMCV and MMEngine. .NET has no process-wide generator, so there is none to seed.</remarks>
public static class TorchSeed
{
    /// <summary>Seeds the generators of the CPU and of every CUDA device that is present.</summary>
    /// <param name="seed">Any number; the same one gives the same random stream as <c>torch.manual_seed</c> in Python.</param>
    public static void Set(long seed)
    {
        TorchEnvironment.EnsureLoaded();
#pragma warning disable RS0030 // This is the place that the ban points to.
        manual_seed(seed).Dispose();
#pragma warning restore RS0030
    }

    // As torch.empty((), dtype=torch.int64).random_() in Python: 63 bits of one draw of 64. TorchSharp's random_() cannot express that range.
    internal static long Draw()
    {
        TorchEnvironment.EnsureLoaded();
        using DisposeScope scope = NewDisposeScope();
        ulong bits = (ulong)HostRead.Local<long>(randint(long.MinValue, long.MaxValue, [1], ScalarType.Int64)) - (1UL << 63);
        return (long)(bits & long.MaxValue);
    }
}
