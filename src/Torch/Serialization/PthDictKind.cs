namespace Compat.Torch.Serialization;

/// <summary>Which of Python's dictionaries it is. All keep their order.</summary>
public enum PthDictKind
{
    /// <summary>A plain dictionary.</summary>
    Dict,

    /// <summary>A <c>collections.OrderedDict</c>, as <c>state_dict()</c> gives it.</summary>
    OrderedDict,

    /// <summary>A <c>collections.Counter</c>. It is written as a plain dictionary.</summary>
    Counter,
}
