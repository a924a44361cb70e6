using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Support;

/// <summary>Numbers as images, with labels that nobody reads.</summary>
public sealed class NumberDataset(double[] numbers) : Dataset
{
    public override int Count => numbers.Length;

    public override DataBatch this[int index] => new ToyBatch(full(1, numbers[index]), zeros(1));
}
