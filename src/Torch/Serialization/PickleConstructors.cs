namespace Compat.Torch.Serialization;

/// <summary>Which Python names a file may use. Everything else is refused by name; nothing is ever called.</summary>
internal static class PickleConstructors
{
    private const int MaxLength = 1000;

    private static readonly HashSet<string> Known =
    [
        "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter",
        "torch.nn.parameter.Parameter", "torch.Size", "torch.device",
        "collections.OrderedDict", "collections.Counter",
        "__builtin__.set", "builtins.set", "__builtin__.frozenset", "builtins.frozenset", "__builtin__.getattr", "builtins.getattr",
        "_codecs.encode", "__builtin__.bytes", "builtins.bytes",
        "numpy.ndarray", "numpy.dtype",
        "numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer",
        "numpy.core.multiarray._reconstruct", "numpy.core.multiarray.scalar", "numpy._core.multiarray._reconstruct", "numpy._core.multiarray.scalar",
    ];

    private static readonly string[] TorchTypes =
    [
        "float16", "float32", "float64", "bfloat16", "half", "float", "double", "int8", "int16", "int32", "int64", "uint8", "bool", "complex64", "complex128",
    ];

    /// <summary>Checks a name.</summary>
    /// <exception cref="PthException">The name is not allowed.</exception>
    public static string Check(string module, string name)
    {
        if (module.Length + name.Length > MaxLength)
        {
            throw PickleFault.Of($"a name of {module.Length + name.Length} letters");
        }

        string full = $"{module}.{name}";
        bool isAllowed = Known.Contains(full)
            || (module is "torch" or "torch.storage" && StorageTypes.Exists(name))
            || (module == "torch" && TorchTypes.Contains(name))
            || IsInert(module);
        return isAllowed
            ? full
            : throw new PthException(
                $"The file uses the Python name '{full}', which is not among those that are read: tensors, containers, numbers, texts, numpy arrays, and "
                + "objects of mmcv and mmengine. Save the weights alone, or convert that object to plain values before saving.");
    }

    /// <summary>Tells whether names of a module become inert objects.</summary>
    public static bool IsInert(string module)
    {
        int dot = module.IndexOf('.', StringComparison.Ordinal);
        return module.AsSpan(0, dot < 0 ? module.Length : dot) is "mmcv" or "mmengine";
    }
}
