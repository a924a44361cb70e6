using System.Collections;
using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;
using static TorchSharp.torch;

namespace Compat.Torch.Data;

/// <summary>The tensor properties of one record type, found once and read through compiled accessors.</summary>
internal sealed class BatchFields
{
    private static readonly ConcurrentDictionary<Type, BatchFields> Cache = new();

    private readonly Type type;
    private readonly Func<DataBatch, Tensor>[] readers;
    private readonly Action<DataBatch, Tensor>[] writers;

    private BatchFields(Type type)
    {
        this.type = type;
        PropertyInfo[] properties = [.. OwnProperties(type)];
        PropertyInfo? container = Array.Find(properties, IsTensorContainer);
        if (container is not null)
        {
            throw new NotSupportedException(
                $"Property '{container.Name}' of {type.Name} is a {container.PropertyType.Name} of tensors. A batch finds properties of type "
                + $"Tensor by itself; for any other shape override Tensors and With in {type.Name}, as NamedBatch does.");
        }

        PropertyInfo[] tensors = [.. properties.Where(property => property.PropertyType == typeof(Tensor))];
        readers = [.. tensors.Select(Reader)];
        writers = [.. tensors.Select(Writer)];
        TensorNames = [.. tensors.Select(property => property.Name)];
        NonTensorNames = [.. properties.Except(tensors).Select(property => property.Name)];
    }

    /// <summary>Gets the names of the properties that hold tensors, in the order of <see cref="Read"/>.</summary>
    public IReadOnlyList<string> TensorNames { get; }

    /// <summary>Gets the names of the properties that hold no tensors.</summary>
    public IReadOnlyList<string> NonTensorNames { get; }

    public static BatchFields Of(Type type) => Cache.GetOrAdd(type, key => new BatchFields(key));

    public Tensor[] Read(DataBatch batch) => Array.ConvertAll(readers, reader => reader(batch));

    public void Write(DataBatch batch, IReadOnlyList<Tensor> tensors)
    {
        if (tensors.Count != writers.Length)
        {
            throw new ArgumentException($"{type.Name} has {writers.Length} tensors, but {tensors.Count} were given.", nameof(tensors));
        }

        for (int i = 0; i < writers.Length; i++)
        {
            writers[i](batch, tensors[i]);
        }
    }

    private static IEnumerable<PropertyInfo> OwnProperties(Type type) =>
        type.GetProperties(BindingFlags.Instance | BindingFlags.Public)
            .Where(property => property is { CanRead: true, CanWrite: true }
                && property.GetIndexParameters().Length == 0
                && property.DeclaringType != typeof(DataBatch));

    private static bool IsTensorContainer(PropertyInfo property) =>
        typeof(IEnumerable).IsAssignableFrom(property.PropertyType)
        && property.PropertyType != typeof(Tensor)
        && (property.PropertyType.GetElementType() == typeof(Tensor) || property.PropertyType.GetGenericArguments().Contains(typeof(Tensor)));

    private static Func<DataBatch, Tensor> Reader(PropertyInfo property)
    {
        ParameterExpression batch = Expression.Parameter(typeof(DataBatch));
        return Expression.Lambda<Func<DataBatch, Tensor>>(Access(batch, property), batch).Compile();
    }

    private static Action<DataBatch, Tensor> Writer(PropertyInfo property)
    {
        ParameterExpression batch = Expression.Parameter(typeof(DataBatch));
        ParameterExpression value = Expression.Parameter(typeof(Tensor));
        return Expression.Lambda<Action<DataBatch, Tensor>>(Expression.Assign(Access(batch, property), value), batch, value).Compile();
    }

    private static MemberExpression Access(ParameterExpression batch, PropertyInfo property) =>
        Expression.Property(Expression.Convert(batch, property.DeclaringType!), property);
}
