using Compat.Torch.Native;
using static TorchSharp.torch;

namespace Compat.Torch.Serialization;

/// <summary>Makes views of storages, which must lie inside them.</summary>
internal sealed class PickleTensors(ReadBudget budget)
{
    /// <summary>How often a tensor may show each element of its storage on average: an honest one repeats rows, a hostile one fills all memory when it is first used.</summary>
    public const long MostRepetitions = 1_000_000;

    private const int MaxDimensions = 64;                             // PyTorch's own limit

    public PthTensor Make(IReadOnlyList<PthValue> arguments)
    {
        if (arguments is not [PthTensor { IsStorage: true } storage, PthInteger offset, PthSequence size, PthSequence stride, ..])
        {
            throw new PthException("The file describes a tensor in a way that torch.save does not: not over a storage, with an offset, sizes and strides. It is damaged.");
        }

        long[] sizes = Sizes(size);
        long[] strides = Sizes(stride);
        Check(storage.Value.numel(), Whole(offset), sizes, strides);
        bool requiresGrad = arguments.Count > 4 && arguments[4] is PthBool { Value: true };
        budget.TakeTensor();
        Tensor view = storage.Value.as_strided(sizes, strides, Whole(offset));
        return new PthTensor(arguments.Count > 6 ? WithFlags(view, arguments[6]) : view, requiresGrad);
    }

    /// <summary>Reads a shape.</summary>
    /// <exception cref="PthException">It has something else than whole numbers, or too many.</exception>
    public static long[] Sizes(PthSequence sizes) => sizes.Items.Count <= MaxDimensions
        ? [.. sizes.Items.Select(Whole)]
        : throw new PthException($"The file has a tensor of {sizes.Items.Count} dimensions; at most {MaxDimensions} are possible. It is damaged.");

    // PyTorch 2 notes here that a view shows its storage conjugated or negated.
    private Tensor WithFlags(Tensor view, PthValue flags)
    {
        Tensor result = view;
        if (IsSet(flags, "conj"))
        {
            budget.TakeTensor();
            result = view.is_complex() ? result.conj() : throw new PthException($"The file has a conjugated tensor of type {view.dtype}, which is not complex. It is damaged.");
        }

        if (IsSet(flags, "neg"))
        {
            budget.TakeTensor();
            result = TorchKernels.NegatedView(result);
        }

        return result;
    }

    private static bool IsSet(PthValue flags, string name) => flags is PthDict known && known.TryGetValue(name, out PthValue? value) && value is PthBool { Value: true };

    // The last element must lie inside the storage, whatever the file says.
    private static void Check(long length, long offset, long[] sizes, long[] strides)
    {
        bool isGood = sizes.Length == strides.Length && offset >= 0 && sizes.All(size => size >= 0) && strides.All(stride => stride >= 0);
        Int128 last = offset;
        Int128 count = 1;
        for (int i = 0; isGood && i < sizes.Length; i++)
        {
            last += (Int128)Math.Max(sizes[i] - 1, 0) * strides[i];
            count *= sizes[i];
            isGood = count < long.MaxValue / 16 && last < long.MaxValue;
        }

        // A stride of 0 repeats elements.
        isGood = isGood && (count == 0 || (last < length && count <= (Int128)Math.Max(length, 1) * MostRepetitions));
        if (!isGood)
        {
            throw new PthException(
                $"The file has a tensor of shape [{string.Join(", ", sizes)}], strides [{string.Join(", ", strides)}] and offset {offset} over a storage of "
                + $"{length} elements, which do not fit. It is damaged.");
        }
    }

    private static long Whole(PthValue value) => value is PthInteger { Value: var number } && number >= long.MinValue && number <= long.MaxValue
        ? (long)number
        : throw new PthException("The file has something else where a whole number should be. It is damaged.");
}
