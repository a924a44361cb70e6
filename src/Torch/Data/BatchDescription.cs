using static TorchSharp.torch;

namespace Compat.Torch.Data;

/// <summary>What a batch consists of, in words: its type, and of each field name, type, shape and device.</summary>
internal static class BatchDescription
{
    private const int Most = 16;

    /// <summary>Describes a batch. Tensors that were disposed are said to be.</summary>
    /// <param name="batch">The batch. Borrowed.</param>
    /// <returns>For example <c>DigitsBatch: Image float32 [8, 1, 28, 28] cpu, Label int64 [8] cpu</c>.</returns>
    public static string Of(DataBatch batch)
    {
        IReadOnlyList<Tensor> tensors = batch.Tensors;
        IReadOnlyList<string> names = Names(batch, tensors.Count);
        IEnumerable<string> fields = tensors.Take(Most).Select((tensor, i) => $"{names[i]} {Describe(tensor)}");
        string rest = tensors.Count > Most ? $" and {tensors.Count - Most} more" : string.Empty;
        return $"{batch.GetType().Name.Split('`')[0]}: {string.Join(", ", fields)}{rest}";
    }

    // A type that overrides Tensors may have more or fewer of them than properties.
    private static IReadOnlyList<string> Names(DataBatch batch, int count)
    {
        IReadOnlyList<string> names = batch is NamedBatch named ? named.Names : PropertyNames(batch.GetType());
        return names.Count == count ? names : [.. Enumerable.Range(0, count).Select(i => $"tensor {i}")];
    }

    private static IReadOnlyList<string> PropertyNames(Type type)
    {
        try
        {
            return BatchFields.Of(type).TensorNames;
        }
        catch (NotSupportedException)
        {
            return [];
        }
    }

    private static string Describe(Tensor? tensor) => tensor switch
    {
        null => "null",
        { IsInvalid: true } => "disposed",
        _ => $"{tensor.dtype.ToString().ToLowerInvariant()} [{string.Join(", ", tensor.shape)}] {tensor.device}",
    };
}
