using static TorchSharp.torch;

namespace Compat.Torch.Data;

/// <summary>Stacks the tensors of the samples along a new first dimension.</summary>
/// <remarks>Source: <c>default_collate</c> of PyTorch and MMEngine, for records of tensors.</remarks>
public static class DefaultCollate
{
    /// <summary>Makes one batch of several samples of the same type.</summary>
    /// <param name="samples">The samples, at least one; field by field their shapes agree. Borrowed.</param>
    /// <returns>A batch of the samples' type; fresh.</returns>
    /// <exception cref="ArgumentException">The samples differ in type or shape, or hold something else than tensors.</exception>
    public static DataBatch Stack(IReadOnlyList<DataBatch> samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        DataBatch first = samples[0];
        Check(first, samples);
        IReadOnlyList<Tensor>[] rows = [.. samples.Select(sample => sample.Tensors)];
        return first.With([.. Enumerable.Range(0, rows[0].Count).Select(field => Stack(first, rows, field))]);
    }

    private static Tensor Stack(DataBatch first, IReadOnlyList<Tensor>[] rows, int field)
    {
        Tensor[] column = Array.ConvertAll(rows, row => row[field]);
        Tensor? other = Array.Find(column, tensor => !tensor.shape.SequenceEqual(column[0].shape));
        return other is null
            ? stack(column)
            : throw new ArgumentException(
                $"Samples of {first.GetType().Name} cannot be stacked: tensor {field} has shape [{string.Join(", ", column[0].shape)}] in the first "
                + $"sample and [{string.Join(", ", other.shape)}] in another. Make the shapes equal, or give the loader a Collate of your own.");
    }

    private static void Check(DataBatch first, IReadOnlyList<DataBatch> samples)
    {
        Type type = first.GetType();
        DataBatch? other = samples.FirstOrDefault(sample => sample.GetType() != type);
        if (other is not null)
        {
            throw new ArgumentException(
                $"The samples of one batch have different types: {type.Name} and {other.GetType().Name}. A dataset returns one type.");
        }

        IReadOnlyList<string> extra = first is NamedBatch ? [] : BatchFields.Of(type).NonTensorNames;
        if (extra.Count > 0)
        {
            throw new ArgumentException(
                $"{type.Name} has properties that are no tensors: {string.Join(", ", extra)}. The default collate stacks tensors only; "
                + "give the loader a Collate of your own.");
        }
    }
}
