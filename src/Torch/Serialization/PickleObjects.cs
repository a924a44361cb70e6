using System.Text;

namespace Compat.Torch.Serialization;

/// <summary>What becomes of the calls in a pickle: values of ours, by the name that is called. Nothing is called.</summary>
internal sealed class PickleObjects(PickleContainers containers, ReadBudget budget)
{
    private const int BytesOfObject = 64;
    private const int BytesOfShape = 88;

    private readonly PickleTensors tensors = new(budget);

    /// <summary>Names something, without arguments.</summary>
    /// <exception cref="PthException">The name is not allowed.</exception>
    public PthObject Name(string module, string name)
    {
        budget.TakeNode(BytesOfObject + (sizeof(char) * (module.Length + name.Length)));
        return new PthObject(PickleConstructors.Check(module, name));
    }

    /// <summary>Makes what a call returns.</summary>
    /// <exception cref="PthException">The name takes other arguments.</exception>
    public PthValue Make(string name, PthSequence given)
    {
        IReadOnlyList<PthValue> arguments = given.Items;
        PthValue? made = name switch
        {
            "torch._utils._rebuild_tensor" or "torch._utils._rebuild_tensor_v2" => tensors.Make(arguments),
            "torch._utils._rebuild_parameter" => MakeParameter(arguments),
            "collections.OrderedDict" => containers.MakeDict(PthDictKind.OrderedDict, arguments),
            "collections.Counter" => containers.MakeDict(PthDictKind.Counter, arguments),
            "torch.Size" => arguments is [PthSequence { Kind: PthSequenceKind.Tuple } sizes] ? sizes : null,
            "__builtin__.set" or "builtins.set" or "__builtin__.frozenset" or "builtins.frozenset" => containers.MakeSet(arguments),
            "__builtin__.getattr" or "builtins.getattr" => MakeMember(arguments),
            "_codecs.encode" => MakeBytes(arguments),
            "__builtin__.bytes" or "builtins.bytes" => arguments is [] ? new PthBytes(ReadOnlyMemory<byte>.Empty) : null,
            "numpy.core.multiarray._reconstruct" or "numpy._core.multiarray._reconstruct" => MakeArray(),
            "numpy.core.multiarray.scalar" or "numpy._core.multiarray.scalar" => MakeScalar(arguments),
            "numpy.core.numeric._frombuffer" or "numpy._core.numeric._frombuffer" => MakeFromBuffer(arguments),
            "numpy.dtype" or "torch.device" => MakeObject(name, given),
            _ => PickleConstructors.IsInert(name) ? MakeObject(name, given) : null,
        };
        return made ?? throw new PthException($"The file calls '{name}' with {arguments.Count} arguments of kinds that it does not take. It is damaged.");
    }

    /// <summary>Does what Python's <c>__setstate__</c> would.</summary>
    /// <exception cref="PthException">The value has no state, or one of another kind.</exception>
    public void SetState(PthValue target, PthValue state)
    {
        switch (target)
        {
            case PthDict dict:
                dict.Attributes = state;
                break;
            case PthArray array when state is PthSequence { Items: [_, PthSequence shape, PthObject type, PthBool { Value: false }, PthBytes bytes] }:
                Fill(array, type, shape, bytes);
                break;
            case PthArray when state is PthSequence { Items: [_, PthSequence, PthObject, PthBool { Value: true }, PthBytes] }:
                throw InColumns();
            case PthObject named:
                named.State = state;
                break;
            default:
                throw new PthException("The file sets the state of a value that has none. It is damaged, or has a numpy array of objects; save a list instead.");
        }
    }

    private PthTensor? MakeParameter(IReadOnlyList<PthValue> arguments)
    {
        budget.TakeNode();
        return arguments is [PthTensor { IsStorage: false } tensor, PthBool requiresGrad, ..] ? tensor with { RequiresGrad = requiresGrad.Value, IsParameter = true } : null;
    }

    private PthObject MakeObject(string name, PthSequence arguments)
    {
        budget.TakeNode(BytesOfObject);
        return new PthObject(name, arguments);
    }

    private PthObject? MakeMember(IReadOnlyList<PthValue> arguments) =>
        arguments is [PthObject { Arguments: null } owner, PthText member] && PickleConstructors.IsInert(owner.Name) ? Name(owner.Name, member.Value) : null;

    // So protocol 2 writes bytes: as a text in which each character is one.
    private PthBytes? MakeBytes(IReadOnlyList<PthValue> arguments)
    {
        if (arguments is not [PthText text, PthText { Value: "latin1" or "latin-1" }] || text.Value.Any(letter => letter > byte.MaxValue))
        {
            return null;
        }

        budget.TakeNode(BytesOfObject + text.Value.Length);
        return new PthBytes(Encoding.Latin1.GetBytes(text.Value));
    }

    private PthArray MakeArray()
    {
        budget.TakeNode(BytesOfObject);
        return new PthArray();
    }

    // So protocol 5 writes arrays.
    private PthArray? MakeFromBuffer(IReadOnlyList<PthValue> arguments)
    {
        if (arguments is not [PthBytes bytes, PthObject type, PthSequence shape, PthText { Value: "C" or "F" } order])
        {
            return null;
        }

        if (order.Value == "F")
        {
            throw InColumns();
        }

        PthArray array = MakeArray();
        Fill(array, type, shape, bytes);
        return array;
    }

    private PthArray? MakeScalar(IReadOnlyList<PthValue> arguments)
    {
        if (arguments is not [PthObject type, PthBytes bytes])
        {
            return null;
        }

        PthArray scalar = MakeArray();
        scalar.Set(TypeName(type), [], bytes.Value);
        return scalar;
    }

    // The bytes are shared with the value in the pickle, the shape is not.
    private void Fill(PthArray array, PthObject type, PthSequence shape, PthBytes bytes)
    {
        budget.TakeBytes(BytesOfShape + (sizeof(long) * (long)shape.Items.Count));
        array.Set(TypeName(type), PickleTensors.Sizes(shape), bytes.Value);
    }

    private static PthException InColumns() => new("The file has a numpy array in column order, which is not read. Save numpy.ascontiguousarray(array).");

    private static string TypeName(PthObject type) => type is { Name: "numpy.dtype", Arguments: PthSequence { Items: [PthText name, ..] } }
        ? type.State is PthSequence { Items: [_, PthText { Value: ">" }, ..] }
            ? throw new PthException($"The file has a big-endian numpy array of type '{name.Value}'. Save it on a little-endian machine.")
            : name.Value
        : throw new PthException("The file has a numpy array without an element type. It is damaged.");
}
