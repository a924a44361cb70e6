using Compat.Torch;
using Compat.Torch.Native;
using static TorchSharp.torch;

namespace Compat.Engine.Evaluation;

/// <summary>What a metric has kept, on the device where it was computed: blocks of items, one item per row, in order.</summary>
internal sealed class KeptItems
{
    private readonly List<StateTensor[]> blocks = [];

    /// <summary>Gets the number of items.</summary>
    public int Count { get; private set; }

    /// <summary>Keeps copies. Nothing waits for the device.</summary>
    /// <exception cref="ArgumentException">The columns do not fit to one another, or to those of earlier items.</exception>
    public void Add(string metric, IReadOnlyList<Tensor> columns)
    {
        Check(metric, columns);
        blocks.Add([.. columns.Select(column => new StateTensor(column))]);
        Count += (int)columns[0].shape[0];
    }

    /// <summary>Reads all items to the CPU, with one transfer per column if their shapes allow it.</summary>
    /// <returns>The blocks; tensors live in the current dispose scope.</returns>
    public IReadOnlyList<Tensor[]> Read()
    {
        List<Tensor[]> all = blocks.ConvertAll(block => Array.ConvertAll(block, column => column.Value));
        if (all.Count > 1 && all.TrueForAll(block => AreAlike(block, all[0])))
        {
            all = [[.. Enumerable.Range(0, all[0].Length).Select(column => cat([.. all.Select(block => block[column])]))]];
        }

        return all.ConvertAll(block => Array.ConvertAll(block, HostRead.ToCpu));
    }

    /// <summary>Frees everything.</summary>
    public void Clear()
    {
        foreach (StateTensor column in blocks.SelectMany(block => block))
        {
            column.Dispose();
        }

        blocks.Clear();
        Count = 0;
    }

    private static bool AreAlike(Tensor[] block, Tensor[] other) => block.Zip(other).All(pair =>
        pair.First.dtype == pair.Second.dtype
        && pair.First.device.ToString() == pair.Second.device.ToString()
        && pair.First.shape.AsSpan(1).SequenceEqual(pair.Second.shape.AsSpan(1)));

    private static string Shapes(IEnumerable<Tensor> columns) => string.Join(", ", columns.Select(column => $"[{string.Join(", ", column.shape)}]"));

    private void Check(string metric, IReadOnlyList<Tensor> columns)
    {
        if (columns.Count == 0 || columns.Any(column => column.dim() == 0 || column.shape[0] != columns[0].shape[0]))
        {
            throw new ArgumentException(
                $"{metric} keeps columns of shapes {Shapes(columns)}; there must be at least one, and the first dimension must be the same in all: one row per "
                + "sample. Call KeepOne for one item of any shapes.",
                nameof(columns));
        }

        if (blocks.Count > 0 && blocks[0].Length != columns.Count)
        {
            throw new ArgumentException(
                $"{metric} keeps {columns.Count} tensors per item, but kept {blocks[0].Length} before. Keep the same columns in every batch.", nameof(columns));
        }
    }
}
