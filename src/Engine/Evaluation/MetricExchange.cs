using Compat.Torch.Distributed;
using Compat.Torch.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Evaluation;

/// <summary>How kept items and computed values travel between processes: as bytes of a <c>.pth</c> file in memory.</summary>
internal static class MetricExchange
{
    private const string Error = "error";
    private const string Values = "values";

    /// <summary>Collects the blocks of all processes.</summary>
    /// <param name="collectives">The processes.</param>
    /// <param name="blocks">This process's blocks, on the CPU.</param>
    /// <param name="scope">What shall own the tensors that come.</param>
    public static IReadOnlyList<IReadOnlyList<Tensor[]>> Gather(ICollectives collectives, IReadOnlyList<Tensor[]> blocks, DisposeScope scope) =>
        collectives.Rank.WorldSize == 1
            ? [blocks]
            : [.. collectives.AllGather(ToBytes(List(blocks.Select(block => List(block.Select(column => new PthTensor(column)))))))
                .Select(bytes => ReadBlocks(bytes, scope))];

    /// <summary>Computes on process 0 and gives everybody the values. If it fails there, it fails everywhere: nobody waits for ever.</summary>
    public static IReadOnlyDictionary<string, MetricValue> ComputeOnFirst(
        ICollectives collectives, string metric, Func<IReadOnlyDictionary<string, MetricValue>> compute)
    {
        if (collectives.Rank.Rank > 0)
        {
            return ReadValues(metric, collectives.Broadcast([]));
        }

        IReadOnlyDictionary<string, MetricValue> values;
        try
        {
            values = compute();
        }
        catch (Exception exception) when (collectives.Rank.WorldSize > 1)
        {
            collectives.Broadcast(ToBytes(new PthDict { [Error] = exception.Message }));
            throw;
        }

        if (collectives.Rank.WorldSize > 1)
        {
            collectives.Broadcast(ToBytes(new PthDict { [Values] = ToPth(values) }));
        }

        return values;
    }

    private static PthDict ToPth(IReadOnlyDictionary<string, MetricValue> values)
    {
        PthDict dict = [];
        foreach ((string name, MetricValue value) in values)
        {
            dict[name] = value.IsNumber ? value.Number
                : value.IsArray ? List(value.Array.Select(PthValue.FromDouble))
                : PthNone.Value;
        }

        return dict;
    }

    private static OrderedDictionary<string, MetricValue> ReadValues(string metric, byte[] bytes)
    {
        using PthFile file = Read(bytes);
        PthDict message = (PthDict)file.Root;
        if (message.TryGetValue(Error, out PthValue? error))
        {
            throw new InvalidOperationException($"Process 0 could not compute {metric}: {((PthText)error).Value} Its own log says more.");
        }

        return new(((PthDict)message[Values]).Select(entry => KeyValuePair.Create(((PthText)entry.Key).Value, ToValue(entry.Value))));
    }

    private static MetricValue ToValue(PthValue value) => value switch
    {
        PthFloat number => number.Value,
        PthSequence array => new MetricValue(array.Items.Select(item => ((PthFloat)item).Value)),
        _ => MetricValue.None,
    };

    private static List<Tensor[]> ReadBlocks(byte[] bytes, DisposeScope scope)
    {
        PthFile file = Read(bytes);
        List<Tensor[]> blocks = [.. ((PthSequence)file.Root).Items.Select(block => ((PthSequence)block).Items.Select(column => ((PthTensor)column).Value).ToArray())];
        scope.Attach(blocks.SelectMany(block => block));              // instead of the file, which would free them too early
        return blocks;
    }

    private static PthSequence List(IEnumerable<PthValue> items) => new(PthSequenceKind.List, items);

    private static byte[] ToBytes(PthValue root)
    {
        using MemoryStream stream = new();
        PthFile.Write(stream, root);
        return stream.ToArray();
    }

    private static PthFile Read(byte[] bytes)
    {
        using MemoryStream stream = new(bytes);
        return PthFile.Read(stream);
    }
}
