using System.Text;

namespace Compat.Torch.Serialization;

/// <summary>What becomes of the calls in a pickle: values of ours, by the name that is called. Nothing is called.</summary>
internal static class PickleObjects
{
    public static PthValue Make(string name, IReadOnlyList<PthValue> arguments)
    {
        switch (name)
        {
            case "torch._utils._rebuild_tensor" or "torch._utils._rebuild_tensor_v2":
                return MakeTensor(arguments);
            case "torch._utils._rebuild_parameter" when arguments is [PthTensor tensor, PthBool requiresGrad, ..]:
                return tensor with { RequiresGrad = requiresGrad.Value, IsParameter = true };
            case "collections.OrderedDict":
                return MakeDict(PthDictKind.OrderedDict, arguments);
            case "collections.Counter":
                return MakeDict(PthDictKind.Counter, arguments);
            case "torch.Size" when arguments is [PthSequence sizes]:
                return sizes;
            case "__builtin__.set" or "builtins.set" or "__builtin__.frozenset" or "builtins.frozenset":
                return new PthSequence(PthSequenceKind.Set, arguments is [PthSequence items] ? items.Items : []);
            case "__builtin__.getattr" or "builtins.getattr" when arguments is [PthObject owner, PthText member] && PickleConstructors.IsInert(owner.Name):
                return new PthObject($"{owner.Name}.{member.Value}");
            case "_codecs.encode" when arguments is [PthText text, ..]:
                return new PthBytes(Encoding.Latin1.GetBytes(text.Value));
            case "numpy.core.multiarray._reconstruct" or "numpy._core.multiarray._reconstruct":
                return new PthArray();
            case "numpy.core.multiarray.scalar" or "numpy._core.multiarray.scalar" when arguments is [PthObject type, PthBytes bytes]:
                return new PthArray { Type = TypeName(type), Bytes = bytes.Value };
            case "numpy.dtype" or "torch.device":
                return new PthObject(name, new PthSequence(PthSequenceKind.Tuple, arguments));
            default:
                return PickleConstructors.IsInert(name)
                    ? new PthObject(name, new PthSequence(PthSequenceKind.Tuple, arguments))
                    : throw new PthException($"The file calls '{name}' with {arguments.Count} arguments of kinds that it does not take. It is damaged.");
        }
    }

    public static void SetState(PthValue target, PthValue state)
    {
        switch (target)
        {
            case PthDict dict:
                dict.Attributes = state;
                break;
            case PthArray array when state is PthSequence { Items: [_, PthSequence shape, PthObject type, PthBool { Value: false }, PthBytes bytes] }:
                array.Shape = [.. shape.Items.Select(Whole)];
                array.Type = TypeName(type);
                array.Bytes = bytes.Value;
                break;
            case PthObject named:
                named.State = state;
                break;
            default:
                throw new PthException("The file sets the state of a value that has none. It is damaged, or has a numpy array in column order; save it in row order.");
        }
    }

    private static PthDict MakeDict(PthDictKind kind, IReadOnlyList<PthValue> arguments)
    {
        PthDict dict = new(kind);
        foreach (KeyValuePair<PthValue, PthValue> entry in arguments is [PthDict source] ? source : [])
        {
            dict.Append(entry.Key, entry.Value);
        }

        return dict;
    }

    private static PthTensor MakeTensor(IReadOnlyList<PthValue> arguments)
    {
        if (arguments is not [PthTensor storage, PthValue offset, PthSequence size, PthSequence stride, ..])
        {
            throw new PthException("The file describes a tensor in a way that torch.save does not. It is damaged.");
        }

        long[] sizes = [.. size.Items.Select(Whole)];
        long[] strides = [.. stride.Items.Select(Whole)];
        Check(storage.Value.shape[0], Whole(offset), sizes, strides);
        bool requiresGrad = arguments.Count > 4 && arguments[4] is PthBool { Value: true };
        return new PthTensor(storage.Value.as_strided(sizes, strides, Whole(offset)), requiresGrad);
    }

    // The last element must lie inside the storage, whatever the file says.
    private static void Check(long length, long offset, long[] sizes, long[] strides)
    {
        bool isGood = sizes.Length == strides.Length && sizes.Length <= 64 && offset >= 0 && sizes.All(size => size >= 0) && strides.All(stride => stride >= 0);
        Int128 last = offset;
        Int128 count = 1;
        for (int i = 0; isGood && i < sizes.Length; i++)
        {
            last += (Int128)Math.Max(sizes[i] - 1, 0) * strides[i];
            count *= sizes[i];
        }

        // A stride of 0 repeats elements; a tensor that is larger than its storage by far is no honest file.
        isGood = isGood && (count == 0 || (last < length && count <= (Int128)Math.Max(length, 1) * 1_000_000 && count < long.MaxValue / 16));
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

    private static string TypeName(PthObject type) => type is { Name: "numpy.dtype", Arguments: PthSequence { Items: [PthText name, ..] } }
        ? type.State is PthSequence { Items: [_, PthText { Value: ">" }, ..] }
            ? throw new PthException($"The file has a big-endian numpy array of type '{name.Value}'. Save it on a little-endian machine.")
            : name.Value
        : throw new PthException("The file has a numpy array without an element type. It is damaged.");
}
