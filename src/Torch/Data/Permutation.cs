using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Data;

/// <summary>The draws of torch that samplers turn into orders.</summary>
internal static class Permutation
{
    /// <summary>Draws <c>torch.randperm(count)</c>.</summary>
    public static int[] Draw(int count, Generator generator)
    {
        using DisposeScope scope = NewDisposeScope();
        return ToArray(randperm(count, generator: generator));
    }

    /// <summary>Draws <c>torch.randint(high, (count,))</c>.</summary>
    public static int[] DrawWithReplacement(int high, int count, Generator generator)
    {
        using DisposeScope scope = NewDisposeScope();
        return ToArray(randint(high, [count], ScalarType.Int64, generator: generator));
    }

    private static int[] ToArray(Tensor order) => Array.ConvertAll(order.data<long>().ToArray(), index => (int)index);
}
