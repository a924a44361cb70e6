using System.Globalization;
using System.Text;
using Compat.Torch.Serialization;

namespace Compat.Torch.Logging;

/// <summary>JSON as Python's <c>json.dumps</c> writes it, character for character: blanks after commas and colons, ASCII only, NaN and Infinity bare.</summary>
public static class PythonJson
{
    /// <summary>Writes a value. Tuples become lists; keys that are numbers, truth values or None become texts.</summary>
    /// <param name="value">The value.</param>
    /// <returns>The JSON, on one line.</returns>
    /// <exception cref="ArgumentException">It has a part that JSON cannot hold (see <see cref="Holds"/> and <see cref="HoldsKey"/>).</exception>
    public static string Write(PthValue value)
    {
        StringBuilder text = new();
        Append(text, value);
        return text.ToString();
    }

    /// <summary>Tells whether JSON can hold a value: a text, number, truth value or None, or a dictionary, list, tuple or set, whatever is in it.</summary>
    /// <param name="value">The value.</param>
    /// <returns>Whether it can.</returns>
    public static bool Holds(PthValue value) => value is PthDict or PthSequence || HoldsKey(value);

    /// <summary>Tells whether JSON can hold a key: a text, or what becomes one.</summary>
    /// <param name="key">The key.</param>
    /// <returns>Whether it can.</returns>
    public static bool HoldsKey(PthValue key) => key is PthText or PthInteger or PthFloat or PthBool or PthNone;

    private static void Append(StringBuilder text, PthValue value)
    {
        switch (value)
        {
            case PthText words: AppendText(text, words.Value); break;
            case PthSequence sequence: AppendAll(text, "[]", sequence.Items, item => Append(text, item)); break;
            case PthDict dict: AppendAll(text, "{}", dict, entry => AppendEntry(text, entry)); break;
            default: text.Append(Plain(value)); break;
        }
    }

    private static void AppendEntry(StringBuilder text, KeyValuePair<PthValue, PthValue> entry)
    {
        AppendText(text, entry.Key is PthText words ? words.Value : Plain(entry.Key));
        text.Append(": ");
        Append(text, entry.Value);
    }

    private static void AppendAll<T>(StringBuilder text, string brackets, IEnumerable<T> items, Action<T> append)
    {
        text.Append(brackets[0]);
        bool isFirst = true;
        foreach (T item in items)
        {
            text.Append(isFirst ? string.Empty : ", ");
            append(item);
            isFirst = false;
        }

        text.Append(brackets[1]);
    }

    private static string Plain(PthValue value) => value switch
    {
        PthNone => "null",
        PthBool flag => flag.Value ? "true" : "false",
        PthInteger number => number.Value.ToString(CultureInfo.InvariantCulture),
        PthFloat { Value: double.NaN } => "NaN",
        PthFloat { Value: double.PositiveInfinity } => "Infinity",
        PthFloat { Value: double.NegativeInfinity } => "-Infinity",
        PthFloat number => PythonText.Repr(number.Value),
        _ => throw new ArgumentException($"JSON cannot hold a {value?.GetType().Name ?? "null"}. Give it a text, a number, or a list or dictionary of such."),
    };

    private static void AppendText(StringBuilder text, string words)
    {
        text.Append('"');
        foreach (char letter in words)
        {
            text.Append(letter switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\b' => "\\b",
                '\f' => "\\f",
                >= ' ' and <= '~' => letter.ToString(),
                _ => $"\\u{(int)letter:x4}",
            });
        }

        text.Append('"');
    }
}
