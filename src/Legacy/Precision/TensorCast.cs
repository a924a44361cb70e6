using System.Collections;
using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace Compat.Legacy;

/// <summary>Casts the tensors of one type to another, wherever they are in lists, arrays, tuples and dictionaries: MMCV's <c>cast_tensor_type</c>.</summary>
public static class TensorCast
{
    /// <summary>Casts.</summary>
    /// <typeparam name="T">The type of the inputs.</typeparam>
    /// <param name="inputs">A tensor, or a container of tensors and other things. Borrowed.</param>
    /// <param name="from">The type of the tensors to be cast. Others stay as they are: labels stay whole numbers.</param>
    /// <param name="to">The type that they become.</param>
    /// <returns>The inputs; containers with something to cast are new ones of the same type, all else is the same object.</returns>
    /// <exception cref="NotSupportedException">A container with something to cast cannot be made anew.</exception>
    public static T Cast<T>(T inputs, ScalarType from, ScalarType to) => from == to ? inputs : (T)CastAny(inputs, from, to)!;

    private static object? CastAny(object? inputs, ScalarType from, ScalarType to) => inputs switch
    {
        Tensor tensor => tensor.dtype == from ? tensor.to(to) : tensor,
        IDictionary map => CastItems(map, [.. map.Values.Cast<object?>()], items => MakeMap(map, items), from, to),
        ITuple tuple => CastItems(tuple, Items(tuple), items => Activator.CreateInstance(tuple.GetType(), items)!, from, to),
        IList list when !HoldsNumbers(list.GetType()) => CastItems(list, [.. list.Cast<object?>()], items => MakeList(list, items), from, to),
        _ => inputs,
    };

    private static object CastItems(object container, object?[] items, Func<object?[], object> make, ScalarType from, ScalarType to)
    {
        object?[] cast = Array.ConvertAll(items, item => CastAny(item, from, to));
        return cast.Zip(items).All(pair => ReferenceEquals(pair.First, pair.Second)) ? container : make(cast);
    }

    private static object?[] Items(ITuple tuple) => [.. Enumerable.Range(0, tuple.Length).Select(i => tuple[i])];

    private static IDictionary MakeMap(IDictionary map, object?[] values)
    {
        IDictionary made = (IDictionary)Make(map.GetType());
        foreach ((object key, object? value) in map.Keys.Cast<object>().Zip(values))
        {
            made.Add(key, value);
        }

        return made;
    }

    private static IList MakeList(IList list, object?[] items)
    {
        if (list is Array)
        {
            Array array = Array.CreateInstance(list.GetType().GetElementType()!, items.Length);
            Array.Copy(items, array, items.Length);
            return array;
        }

        // What [a, b] is, where an IReadOnlyList<Tensor> is asked for, has no constructor.
        if (list.IsReadOnly && list is IReadOnlyList<Tensor>)
        {
            return Array.ConvertAll(items, item => (Tensor)item!);
        }

        IList made = (IList)Make(list.GetType());
        Array.ForEach(items, item => made.Add(item));
        return made;
    }

    private static object Make(Type type) => type.GetConstructor([])?.Invoke(null) ?? throw new NotSupportedException(
        $"A {type.Name} with tensors to cast cannot be made anew: it has no constructor without arguments. Use a List, an array, a tuple or a Dictionary.");

    private static bool HoldsNumbers(Type type) => (type.GetElementType() ?? type.GetGenericArguments().FirstOrDefault())?.IsPrimitive ?? false;
}
