// Check digits: the difference between a number that means somebody and any other row of digits.

/** Iran's national number: ten digits, the last one from the weighted sum of the others modulo 11. */
export function isNationalNumber(digits: string): boolean {
  if (!/^\d{10}$/.test(digits) || /^(\d)\1{9}$/.test(digits) || digits.startsWith("000")) return false
  let sum = 0
  for (let at = 0; at < 9; at++) sum += Number(digits[at]) * (10 - at)
  const rest = sum % 11
  return Number(digits[9]) === (rest < 2 ? rest : 11 - rest)
}

/** ISO/IEC 7812: Luhn's sum, for the sixteen digits of a bank card. */
export function isBankCard(digits: string): boolean {
  if (!/^[2-69]\d{15}$/.test(digits)) return false
  let sum = 0
  for (let at = 0; at < 16; at++) {
    const digit = Number(digits[at]) * (at % 2 === 0 ? 2 : 1)
    sum += digit > 9 ? digit - 9 : digit
  }
  return sum % 10 === 0
}

/** ISO 13616 with the twenty-four digits that follow IR; ISO 7064 MOD 97-10. */
export function isIranianIban(digits: string): boolean {
  if (!/^\d{24}$/.test(digits)) return false
  // Account first, then IR as 18 and 27, then the check digits.
  let rest = 0
  for (const digit of digits.slice(2) + "1827" + digits.slice(0, 2)) rest = (rest * 10 + Number(digit)) % 97
  return rest === 1
}
