using Compat.Torch;
using static TorchSharp.torch;

namespace Compat.Engine.Evaluation;

/// <summary>What a metric has kept in all processes, in the order of the samples and cut to their number, on the CPU.</summary>
/// <remarks>
/// A column is what stood at one place in the call of <c>Keep</c>. <see cref="Column"/> gives it as one tensor; where items have different shapes (the boxes of
/// an image, for example) they are read one by one.
/// </remarks>
/// <example><code>Tensor errors = items.Column(0).sub(items.Column(1)).abs();</code></example>
[HoldsTensors("owner: the evaluation's dispose scope")]
public sealed class MetricItems
{
    private readonly IReadOnlyList<Tensor[]> blocks;
    private readonly IReadOnlyList<(int Block, long Row)> order;

    private MetricItems(IReadOnlyList<Tensor[]> blocks, IReadOnlyList<(int Block, long Row)> order)
    {
        this.blocks = blocks;
        this.order = order;
    }

    /// <summary>Gets the number of items.</summary>
    public int Count => order.Count;

    /// <summary>Gets the tensors of one item, in the order in which they were kept. Borrowed; they end with the evaluation.</summary>
    /// <param name="index">The item, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such item.</exception>
    public IReadOnlyList<Tensor> this[int index]
    {
        get
        {
            if (index < 0 || index >= Count)
            {
                throw new ArgumentOutOfRangeException(nameof(index), index, $"The item is {index}, but there are {Count} items, counted from 0.");
            }

            (int block, long row) = order[index];
            return [.. blocks[block].Select(column => column[row])];
        }
    }

    /// <summary>Gets one column of all items as one tensor.</summary>
    /// <param name="column">Its place in the call that kept it, from 0.</param>
    /// <returns>A tensor whose first dimension counts the items, in order; fresh. It has no elements if nothing was ever kept.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column.</exception>
    /// <exception cref="InvalidOperationException">The items have different shapes.</exception>
    public Tensor Column(int column)
    {
        if (blocks.Count == 0)
        {
            return zeros(0);
        }

        if (column < 0 || column >= blocks[0].Length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(column), column, $"The column is {column}, but each item was kept with {blocks[0].Length} tensors, counted from 0.");
        }

        Tensor[] parts = [.. blocks.Select(block => block[column])];
        CheckShapes(column, parts);
        return cat(parts).index_select(0, tensor(Places()));
    }

    /// <summary>Puts the items of several processes in the order of the samples: the first of each, the second of each, and so on.</summary>
    /// <remarks>That is the order in which a sampler deals samples out. As MMEngine's <c>collect_results</c>, which cuts to the number of samples afterwards.</remarks>
    /// <param name="processes">The blocks of each process.</param>
    /// <param name="size">The number of samples.</param>
    internal static MetricItems Interleave(IReadOnlyList<IReadOnlyList<Tensor[]>> processes, int size)
    {
        List<Tensor[]> blocks = [];
        List<Queue<(int Block, long Row)>> waiting = [];
        foreach (IReadOnlyList<Tensor[]> process in processes)
        {
            int first = blocks.Count;
            blocks.AddRange(process);
            waiting.Add(new(process.SelectMany((block, index) => Rows(block).Select(row => (first + index, row)))));
        }

        return new(blocks, [.. TakeInTurn(waiting).Take(size)]);
    }

    private static IEnumerable<(int Block, long Row)> TakeInTurn(List<Queue<(int Block, long Row)>> waiting)
    {
        while (waiting.Exists(queue => queue.Count > 0))
        {
            foreach (Queue<(int Block, long Row)> queue in waiting)
            {
                if (queue.TryDequeue(out (int Block, long Row) item))
                {
                    yield return item;
                }
            }
        }
    }

    private static IEnumerable<long> Rows(Tensor[] block)
    {
        for (long row = 0; row < block[0].shape[0]; row++)
        {
            yield return row;
        }
    }

    private static void CheckShapes(int column, Tensor[] parts)
    {
        Tensor? other = Array.Find(parts, part => !part.shape.AsSpan(1).SequenceEqual(parts[0].shape.AsSpan(1)));
        if (other is not null)
        {
            throw new InvalidOperationException(
                $"Column {column} holds items of different shapes, [{string.Join(", ", parts[0].shape[1..])}] and [{string.Join(", ", other.shape[1..])}], so they "
                + $"are no single tensor. Read them one by one: items[i][{column}].");
        }
    }

    private long[] Places()
    {
        long[] begins = new long[blocks.Count];
        for (int block = 1; block < begins.Length; block++)
        {
            begins[block] = begins[block - 1] + blocks[block - 1][0].shape[0];
        }

        return [.. order.Select(item => begins[item.Block] + item.Row)];
    }
}
